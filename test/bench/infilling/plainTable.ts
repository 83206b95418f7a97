import type { GapResult } from '../bundled/fillGaps.ts';
import { modelTable, type ByName, type Table } from '../bundled/groupedTable.ts';
import { common, meanOf } from '../bundled/paired.ts';
import { signed } from '../signed.ts';
import type { PlainResult } from './fillPlainly.ts';

/** Returns the share of exact lines as llama.cpp is asked, and its difference to Chorus's on the same problems. */
export function plainTable(
  plain: ByName<ReadonlyMap<string, PlainResult>>,
  asked: ByName<ReadonlyMap<string, GapResult>>,
): Table {
  const figures = new Map(
    [...plain].map(([name, results]) => {
      const pairs = common(results, (asked.get(name) ?? new Map()) as ReadonlyMap<string, { exact: boolean }>);
      const percent = ({ exact }: { readonly exact: boolean }): number => (exact ? 100 : 0);
      return [
        name,
        {
          mean: meanOf([...results.values()].map(percent)).mean,
          count: results.size,
          againstChorus: meanOf(pairs.map(([own, chorus]) => percent(own) - percent(chorus))),
        },
      ] as const;
    }),
  );
  const cells = [...figures.values()].map(
    ({ mean, count, againstChorus }) =>
      `${mean.toFixed(1)} % of ${count} (${signed(againstChorus.mean, 1)} ± ${againstChorus.standardError.toFixed(1)})`,
  );
  return {
    markdown: modelTable([...figures.keys()], new Map([['HumanEval', cells]])),
    figures: Object.fromEntries(figures),
  };
}
