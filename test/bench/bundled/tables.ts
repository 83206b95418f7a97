import { BIT_DOMAINS, type BitDomain, type BitResult, type BitText } from './bits.ts';
import type { ExpertLoad } from './expertLoad.ts';
import type { GapResult } from './fillGaps.ts';
import { GAP_GROUPS, type Gap, type GapGroup } from './gaps.ts';
import { common, meanOf, pairedDifference, type Paired } from './paired.ts';
import type { Speed } from './speed.ts';

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
  const natsOf = (results: ReadonlyMap<string, GapResult>, group: GapGroup): Map<string, number> => new Map([...results].flatMap(([id, { nats }]) => (groupOf.get(id) === group && nats !== undefined ? [[id, nats] as const] : [])));
  const groups = GAP_GROUPS.filter((group) => gaps.some((gap) => gap.group === group));
  const [baseline] = rows.values();
  const figures: Record<string, Partial<Record<GapGroup, { nats: number; done: number; difference?: Paired }>>> = {};
  const lines = [...rows].filter(([, results]) => groups.some((group) => natsOf(results, group).size > 0)).map(([name, results]) => {
    const cells = groups.map((group) => {
      const own = natsOf(results, group);
      if (own.size === 0) return '–';
      const pairs = baseline && results !== baseline ? common(own, natsOf(baseline, group)) : [];
      const difference = pairs.length > 0 ? meanOf(pairs.map(([a, b]) => a - b)) : undefined;
      const { mean } = meanOf([...own.values()]);
      (figures[name] ??= {})[group] = { nats: mean, done: own.size, ...(difference ? { difference } : {}) };
      return `${mean.toFixed(2)}${difference ? ` (${signed(difference.mean, 2)} ± ${difference.standardError.toFixed(2)})` : ''}`;
    });
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return { markdown: `| | ${groups.join(' | ')} |\n|---|${groups.map(() => '---:|').join('')}\n${lines.join('\n')}`, figures };
}

/** Bits per byte of each domain, and the difference to the first row, the mean over texts. */
export function bitTable(rows: ByName<ReadonlyMap<string, BitResult>>, texts: readonly BitText[]): { readonly markdown: string; readonly figures: object } {
  const domainOf = new Map(texts.map(({ id, domain }) => [id, domain]));
  const [baseline] = rows.values();
  const figures: Record<string, Partial<Record<BitDomain, { bitsPerByte: number; texts: number; difference?: Paired }>>> = {};
  const lines = [...rows].map(([name, results]) => {
    const cells = BIT_DOMAINS.map((domain) => {
      const own = new Map([...results].filter(([id]) => domainOf.get(id) === domain));
      if (own.size === 0) return '–';
      const pairs = baseline && results !== baseline ? common(own, baseline) : [];
      const difference = pairs.length > 0 ? meanOf(pairs.map(([a, b]) => bitsPerByte(a) - bitsPerByte(b))) : undefined;
      const mean = meanOf([...own.values()].map(bitsPerByte)).mean;
      (figures[name] ??= {})[domain] = { bitsPerByte: mean, texts: own.size, ...(difference ? { difference } : {}) };
      return `${mean.toFixed(3)}${difference ? ` (${signed(difference.mean, 3)} ± ${difference.standardError.toFixed(3)})` : ''}`;
    });
    return `| ${name} | ${cells.join(' | ')} |`;
  });
  return { markdown: `| | ${BIT_DOMAINS.join(' | ')} |\n|---|${BIT_DOMAINS.map(() => '---:|').join('')}\n${lines.join('\n')}`, figures };
}

/** Bits per byte of the declaration in each language. */
export function languageTable(rows: ByName<ReadonlyMap<string, BitResult>>, texts: readonly BitText[]): { readonly markdown: string; readonly figures: object } {
  const languages = texts.filter(({ language }) => language !== undefined);
  const figures = Object.fromEntries([...rows].map(([name, results]) => [name, Object.fromEntries(languages.flatMap(({ id, language }) => (results.has(id) ? [[language, bitsPerByte(results.get(id) as BitResult)]] : [])))]));
  const lines = languages.map(({ id, language }) => `| ${language} | ${[...rows.values()].map((results) => (results.has(id) ? bitsPerByte(results.get(id) as BitResult).toFixed(2) : '–')).join(' | ')} |`);
  return { markdown: `| | ${[...rows.keys()].join(' | ')} |\n|---|${[...rows].map(() => '---:|').join('')}\n${lines.join('\n')}`, figures };
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

function bitsPerByte({ nats, bytes }: BitResult): number {
  return nats / Math.LN2 / bytes;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(digits)}`;
}
