import { signed } from '../signed.ts';
import type { BitResult } from './bits.ts';
import type { BitText } from './bitTexts.ts';
import { groupedTable, groupsOf, type ByName, type Table } from './groupedTable.ts';
import { common, ratioOfSums, type Paired } from './paired.ts';

interface Bits {
  readonly texts: number;
  readonly bitsPerByte: number;
  readonly bytesPerToken: number;
  /** The ratio of the bits to the reference's for texts that both have, minus 1. Absent for the reference. */
  readonly bitsAbove?: Paired;
  /** The same ratio for tokens. */
  readonly tokensAbove?: Paired;
}

/**
 * Returns bits per byte of each kind of text and each language, and how many percent more than the reference the same
 * texts need.
 */
export function bitTable(models: ByName<ReadonlyMap<string, BitResult>>, texts: readonly BitText[]): Table {
  return groupedTable(models, { groups: groupsOf(texts, rowsOf), figureOf: bitsOf, cellOf });
}

/** The rows that a text counts in: its kind, and its language. */
function rowsOf({ kind, domain, language }: BitText): readonly string[] {
  const whole = `**${kind}**`;
  if (kind === 'code') return [whole, domain];
  return language === undefined ? [whole] : [whole, language];
}

function bitsOf(own: ReadonlyMap<string, BitResult>, reference: ReadonlyMap<string, BitResult> | undefined): Bits {
  const sum = (value: (result: BitResult) => number): number =>
    [...own.values()].reduce((total, result) => total + value(result), 0);
  const bytes = sum((result) => result.bytes);
  const pairs = reference ? common(own, reference) : [];
  const above = (value: (result: BitResult) => number): Paired =>
    ratioOfSums(
      pairs.map(([a]) => value(a)),
      pairs.map(([, b]) => value(b)),
    );
  return {
    texts: own.size,
    bitsPerByte: sum(({ nats }) => nats) / Math.LN2 / bytes,
    bytesPerToken: bytes / sum(({ tokens }) => tokens),
    ...(pairs.length > 0 ? { bitsAbove: above(({ nats }) => nats), tokensAbove: above(({ tokens }) => tokens) } : {}),
  };
}

function cellOf({ texts, bitsPerByte, bitsAbove }: Bits, total: number): string {
  const part = texts < total ? ` in ${texts} of ${total}` : '';
  if (!bitsAbove) return `${bitsPerByte.toFixed(3)}${part}`;
  const error = bitsAbove.count > 1 ? ` ± ${(100 * bitsAbove.standardError).toFixed(1)}` : '';
  return `${bitsPerByte.toFixed(3)}${part} (${signed(100 * bitsAbove.mean, 1)}${error} %)`;
}
