import { BIT_DOMAINS } from './bitTexts.ts';
import type { ExpertLoad } from './expertLoad.ts';
import type { GapResult } from './fillGaps.ts';
import { GAP_GROUPS, type Gap, type GapGroup } from './gaps.ts';
import { common, meanOf, pairedDifference, type Paired } from './paired.ts';
import type { Speed } from './speed.ts';
import { signed } from '../signed.ts';

/** Results of one model, or of one way to ask it, by the name in the tables. The first of several is what the others are compared with. */
export type ByName<Results> = ReadonlyMap<string, Results>;

/** Exact matches of each group in percent, and the difference to the first row in points, over what both have done. */
export function gapTable(rows: ByName<ReadonlyMap<string, GapResult>>, gaps: readonly Gap[]): { readonly markdown: string; readonly figures: object } {
  const groupOf = new Map(gaps.map(({ id, group }) => [id, group]));
  const total = (group: GapGroup): number => gaps.filter((gap) => gap.group === group).length;
  const only = (results: ReadonlyMap<string, GapResult>, group: GapGroup): Map<string, GapResult> => new Map([...results].filter(([id]) => groupOf.get(id) === group));
  const groups = GAP_GROUPS.filter((group) => total(group) > 0);
  const [baseline] = rows.values();
  const figures: Record<string, Record<string, { exact: number; done: number; difference?: Paired }>> = {};
  const lines = [...rows].map(([name, results]) => {
    const cells = groups.map((group) => {
      const own = only(results, group);
      const exact = [...own.values()].filter((result) => result.exact).length;
      const pairs = baseline && results !== baseline ? common(own, only(baseline, group)) : [];
      const difference = pairs.length > 0 ? pairedDifference(pairs.map(([a]) => Number(a.exact)), pairs.map(([, b]) => Number(b.exact))) : undefined;
      (figures[name] ??= {})[group] = { exact, done: own.size, ...(difference ? { difference } : {}) };
      if (own.size === 0) return '–';
      const part = own.size < total(group) ? ` of ${own.size}` : '';
      return `${percent(exact / own.size)}${part}${difference ? ` (${signed(100 * difference.mean, 1)} ± ${(100 * difference.standardError).toFixed(1)})` : ''}`;
    });
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  const head = groups.map((group) => `${group} (${total(group)})`).join(' | ');
  return { markdown: `| | ${head} |\n|---|${groups.map(() => '---:|').join('')}\n${lines.join('\n')}`, figures };
}

/** Nats of what is missing in each group, and the difference to the first row, the mean over gaps; rows that have none are left out. */
export function missingTable(rows: ByName<ReadonlyMap<string, GapResult>>, gaps: readonly Gap[]): { readonly markdown: string; readonly figures: object } {
  const groupOf = new Map(gaps.map(({ id, group }) => [id, group]));
  const nats = new Map([...rows].map(([name, results]) => [name, new Map([...results].flatMap(([id, result]) => (result.nats === undefined ? [] : [[id, result.nats] as const])))]));
  const groups = GAP_GROUPS.filter((group) => gaps.some((gap) => gap.group === group));
  const { markdown, means } = meanTable(new Map([...nats].filter(([, own]) => own.size > 0)), { columns: groups, columnOf: (id) => groupOf.get(id), digits: 2 });
  return { markdown, figures: figuresOf(means, ({ mean, count, difference }) => ({ nats: mean, done: count, ...(difference && { difference }) })) };
}

interface Mean {
  readonly mean: number;
  readonly count: number;
  /** Absent for the first row, and for one that has nothing in common with it. */
  readonly difference?: Paired;
}

/** Means of each column's values, and the differences to the first row over what both have. */
function meanTable(
  rows: ByName<ReadonlyMap<string, number>>,
  { columns, columnOf, digits }: { readonly columns: readonly string[]; readonly columnOf: (id: string) => string | undefined; readonly digits: number },
): { readonly markdown: string; readonly means: ByName<ReadonlyMap<string, Mean>> } {
  const [baseline] = rows.values();
  const meansOf = (values: ReadonlyMap<string, number>): ReadonlyMap<string, Mean> =>
    new Map(
      columns.flatMap((column) => {
        const own = new Map([...values].filter(([id]) => columnOf(id) === column));
        if (own.size === 0) return [];
        const pairs = baseline && values !== baseline ? common(own, baseline) : [];
        const difference = pairs.length > 0 ? { difference: meanOf(pairs.map(([a, b]) => a - b)) } : {};
        return [[column, { mean: meanOf([...own.values()]).mean, count: own.size, ...difference }] as const];
      }),
    );
  const means = new Map([...rows].map(([name, values]) => [name, meansOf(values)]));
  const cell = (mean: Mean | undefined): string => {
    if (!mean) return '–';
    const { difference } = mean;
    return `${mean.mean.toFixed(digits)}${difference ? ` (${signed(difference.mean, digits)} ± ${difference.standardError.toFixed(digits)})` : ''}`;
  };
  const lines = [...means].map(([name, own]) => `| ${name} | ${columns.map((column) => cell(own.get(column))).join(' | ')} |`);
  return { markdown: `| | ${columns.join(' | ')} |\n|---|${columns.map(() => '---:|').join('')}\n${lines.join('\n')}`, means };
}

function figuresOf(means: ByName<ReadonlyMap<string, Mean>>, figure: (mean: Mean) => object): object {
  return Object.fromEntries([...means].filter(([, own]) => own.size > 0).map(([name, own]) => [name, Object.fromEntries([...own].map(([column, mean]) => [column, figure(mean)]))]));
}

/** Of each expert and domain the least, mean and most share of tokens in any layer. */
export function loadTable(loads: ByName<ExpertLoad>): string {
  const lines = [...loads].flatMap(([name, load]) =>
    (['feedForward', 'attention'] as const).flatMap((kind) => {
      const experts = load.typescript.find((layer) => layer[kind])?.[kind]?.length ?? 0;
      return Array.from({ length: experts }, (_, expert) => {
        const cells = BIT_DOMAINS.map((domain) => {
          const shares = load[domain].flatMap((layer) => layer[kind]?.[expert] ?? []);
          return `${percent(Math.min(...shares))} – ${percent(meanOf(shares).mean)} – ${percent(Math.max(...shares))}`;
        });
        return `| ${name} | ${kind === 'attention' ? 'attention' : 'network'} ${expert + 1} | ${cells.join(' | ')} |`;
      });
    }),
  );
  return `| | expert | ${BIT_DOMAINS.join(' | ')} |\n|---|---|${BIT_DOMAINS.map(() => '---:|').join('')}\n${lines.join('\n')}`;
}

/** Size and speed beside the first row. */
export function speedTable(speeds: ByName<Speed>, sizes: ReadonlyMap<string, number>): string {
  const [first] = speeds.values();
  const lines = [...speeds].map(([name, { prompt, decode }]) => {
    const mib = ((sizes.get(name) ?? 0) / 2 ** 20).toFixed(1);
    const times = first ? (first.decode / decode).toFixed(2) : '–';
    return `| ${name} | ${mib} | ${prompt.toFixed(0)} | ${decode.toFixed(1)} | ${times} |`;
  });
  return `| | MiB | prompt tokens/s | decode tokens/s | time of a decoded token, first row = 1 |\n|---|---:|---:|---:|---:|\n${lines.join('\n')}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
