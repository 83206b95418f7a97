import { signed } from '../signed.ts';
import type { BitResult } from './bits.ts';
import type { BitText } from './bitTexts.ts';
import { common, ratioOfSums, type Paired } from './paired.ts';
import type { ByName } from './tables.ts';

interface Bits {
  readonly texts: number;
  readonly bitsPerByte: number;
  readonly bytesPerToken: number;
  /** Bits of what both have measured beside the first model's, less 1; absent for the first model. */
  readonly bitsAbove?: Paired;
  /** Tokens, likewise. */
  readonly tokensAbove?: Paired;
}

/** Bits per byte of each kind of text and of each language, and how many percent more than the first model needs for the same texts. */
export function bitTable(models: ByName<ReadonlyMap<string, BitResult>>, texts: readonly BitText[]): { readonly markdown: string; readonly figures: object } {
  const [reference] = models.values();
  const rows = rowsOf(texts);
  const figures = Object.fromEntries(
    [...models].map(([name, results]) => [name, Object.fromEntries([...rows].flatMap(([row, ids]) => {
      const bits = bitsOf(only(results, ids), results === reference ? undefined : reference);
      return bits ? [[row, bits] as const] : [];
    }))] as const),
  );
  const lines = [...rows.keys()].map((row) => `| ${row} | ${[...models.keys()].map((name) => cellOf(figures[name]?.[row])).join(' | ')} |`);
  return { markdown: `| | ${[...models.keys()].join(' | ')} |\n|---|${[...models].map(() => '---:|').join('')}\n${lines.join('\n')}`, figures };
}

/** Ids of the texts of each row: a kind as a whole, then what it consists of. */
function rowsOf(texts: readonly BitText[]): ReadonlyMap<string, ReadonlySet<string>> {
  const rows = new Map<string, Set<string>>();
  for (const { id, kind, domain, language } of texts) {
    for (const row of new Set([`**${kind}**`, language ?? (kind === 'code' ? domain : `**${kind}**`)])) rows.set(row, (rows.get(row) ?? new Set()).add(id));
  }
  return rows;
}

function only(results: ReadonlyMap<string, BitResult>, ids: ReadonlySet<string>): ReadonlyMap<string, BitResult> {
  return new Map([...results].filter(([id]) => ids.has(id)));
}

function bitsOf(own: ReadonlyMap<string, BitResult>, reference: ReadonlyMap<string, BitResult> | undefined): Bits | undefined {
  if (own.size === 0) return undefined;
  const sum = (value: (result: BitResult) => number): number => [...own.values()].reduce((total, result) => total + value(result), 0);
  const bytes = sum((result) => result.bytes);
  const pairs = reference ? common(own, reference) : [];
  const above = (value: (result: BitResult) => number): Paired => ratioOfSums(pairs.map(([a]) => value(a)), pairs.map(([, b]) => value(b)));
  return {
    texts: own.size,
    bitsPerByte: sum(({ nats }) => nats) / Math.LN2 / bytes,
    bytesPerToken: bytes / sum(({ tokens }) => tokens),
    ...(pairs.length > 0 ? { bitsAbove: above(({ nats }) => nats), tokensAbove: above(({ tokens }) => tokens) } : {}),
  };
}

function cellOf(bits: Bits | undefined): string {
  if (!bits) return '–';
  const { bitsPerByte, bitsAbove } = bits;
  if (!bitsAbove) return bitsPerByte.toFixed(3);
  const error = bitsAbove.count > 1 ? ` ± ${(100 * bitsAbove.standardError).toFixed(1)}` : '';
  return `${bitsPerByte.toFixed(3)} (${signed(100 * bitsAbove.mean, 1)}${error} %)`;
}
