import { signed } from '../signed.ts';
import type { GapResult } from './fillGaps.ts';
import type { Gap } from './gaps.ts';
import { groupedTable, groupsOf, type ByName, type Table } from './groupedTable.ts';
import { common, meanOf, type Paired } from './paired.ts';

interface Mean {
  readonly mean: number;
  readonly count: number;
  /** The difference to the reference over gaps that both have. Absent for the reference. */
  readonly difference?: Paired;
}

/** Returns the exact matches of each group in percent, and the difference to the reference in points. */
export function gapTable(models: ByName<ReadonlyMap<string, GapResult>>, gaps: readonly Gap[]): Table {
  const value = ({ exact }: GapResult): number => (exact ? 100 : 0);
  return meanTable(models, gaps, { value, cell: (mean) => `${mean.toFixed(1)} %`, digits: 1 });
}

/** Returns the exact matches if the model guesses a line's indentation, for languages in which Chorus decides it. */
export function guessedTable(models: ByName<ReadonlyMap<string, GapResult>>, gaps: readonly Gap[]): Table {
  const value = ({ exactWhenGuessed }: GapResult): number => (exactWhenGuessed ? 100 : 0);
  const decided = gaps.filter(({ languageId }) => languageId === 'python');
  return meanTable(models, decided, { value, cell: (mean) => `${mean.toFixed(1)} %`, digits: 1 });
}

/** Returns the nats of the missing text in each group, and the difference to the reference. */
export function missingTable(models: ByName<ReadonlyMap<string, GapResult>>, gaps: readonly Gap[]): Table {
  return meanTable(models, gaps, { value: ({ nats }) => nats, cell: (mean) => mean.toFixed(2), digits: 2 });
}

interface Measure {
  readonly value: (result: GapResult) => number;
  readonly cell: (mean: number) => string;
  /** The digits of differences. */
  readonly digits: number;
}

function meanTable(
  models: ByName<ReadonlyMap<string, GapResult>>,
  gaps: readonly Gap[],
  { value, cell, digits }: Measure,
): Table {
  return groupedTable<GapResult, Mean>(models, {
    groups: groupsOf(gaps, ({ group }) => [group]),
    figureOf: (own, reference) => {
      const pairs = reference ? common(own, reference) : [];
      const difference = pairs.length > 0 ? { difference: meanOf(pairs.map(([a, b]) => value(a) - value(b))) } : {};
      return { mean: meanOf([...own.values()].map(value)).mean, count: own.size, ...difference };
    },
    cellOf: ({ mean, count, difference }, total) => {
      const part = count < total ? ` of ${count}` : '';
      return `${cell(mean)}${part}${difference ? ` (${signed(difference.mean, digits)} ± ${difference.standardError.toFixed(digits)})` : ''}`;
    },
  });
}
