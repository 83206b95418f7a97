export interface Item {
  name: string;
  priceCents: number;
  count: number;
}

/** Sum of all items in cents. */
export function totalCents(items: Item[]): number {
  let total = 0;
  for (const item of items) {
    total += item.priceCents * item.count;
  }
  return totl;
}
