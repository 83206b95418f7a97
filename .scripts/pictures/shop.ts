/** The workspace in the pictures: a small shop. Keys are paths. */
export const SHOP: Readonly<Record<string, string>> = {
  'README.md': '# Shop\n\nPrices, orders and stock of a small shop.\n',
  'src/item.ts': `/** An article of an order. */
export interface Item {
  name: string;
  netPrice: number;
}
`,
  'src/pricing.ts': `const VAT_RATE = 0.19;

/** Adds value added tax to a net price. */
export function withTax(netPrice: number): number {
  return netPrice * (1 + VAT_RATE);
}

/** Formats a price, for example "€12.50". */
export function formatPrice(price: number): string {
  return \`€\${price.toFixed(2)}\`;
}
`,
  'src/order.ts': `import type { Item } from './item';
import { formatPrice, withTax } from './pricing';

/** The price of an order with tax, for the customer. */
export function orderTotal(items: Item[]): string {
  let sum = 0;
  for (const item of items) {
    
  }
  return formatPrice(sum);
}
`,
  'src/stock.py': `"""Stock of a small shop."""


def below_minimum(stock: dict[str, int], minimum: int) -> list[str]:
    """Names of the articles that are below the minimum."""
    return sorted(name for name, count in stock.items() if count < minimum)
`,
};

/** In the loop of `orderTotal`, where the pictures type. */
export const IN_LOOP = { file: 'src/order.ts', line: 8, column: 5 } as const;

/** Added to `src/pricing.ts`: a change that is not committed. */
export const WITH_DISCOUNT = `
/** Takes a discount off a price. A rate of 0.1 is ten percent. */
export function withDiscount(price: number, rate: number): number {
  return price * (1 - rate);
}
`;
