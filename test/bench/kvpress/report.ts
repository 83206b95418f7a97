import type { Report } from '../report.ts';
import type { Case } from './cases.ts';
import { TOLERANCE, type Comparison } from './compareRows.ts';

/** The results of one network in all cases. */
export interface Compared {
  readonly network: string;
  readonly results: readonly { readonly choice: Case; readonly comparison: Comparison }[];
}

/** Returns the report of some networks over one text. */
export function kvpressReport(
  compared: readonly Compared[],
  {
    tokens,
    text,
    versions,
  }: { readonly tokens: number; readonly text: readonly string[]; readonly versions: Readonly<Record<string, string>> },
): Omit<Report, 'command'> {
  const lines = compared.flatMap(({ network, results }) =>
    results.map(
      ({ choice, comparison: { rows, differing, beyond, worst } }) =>
        `| ${network} | ${choice.label} | \`${choice.cache}\` | ${rows.toLocaleString('en')} | ${differing} | ${beyond} | ${differing === 0 ? '' : worst.toExponential(1)} |`,
    ),
  );
  const sum = (of: (comparison: Comparison) => number): number =>
    compared.flatMap(({ results }) => results).reduce((total, { comparison }) => total + of(comparison), 0);
  const peers = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return {
    name: 'selection',
    title: 'Rows that selectors keep, compared with kvpress',
    body: `\`chorus select\` and NVIDIA's kvpress (${peers.join(', ')}) choose rows of the same context, ${tokens.toLocaleString('en')} tokens of this repository's own code
(${text.map((file) => `\`${file}\``).join(', ')}), with the same weights: SmolLM2's in float32, unchanged, and with each KV head repeated for every query head of its group. Both compute in
float32 but in different orders, so that a row whose score nearly equals the threshold may fall to either side. Rows are counted over all layers and KV heads.

Of ${sum(({ rows }) => rows).toLocaleString('en')} rows ${sum(({ differing }) => differing)} differ. **${sum(({ beyond }) => beyond)}** rows that only one side keeps have a score farther than ${TOLERANCE} (relative) from the smallest kept score.

| network | selector | \`--cache\` | rows | differ | beyond the tolerance | farthest from the threshold |
|---|---|---|---|---|---|---|
${lines.join('\n')}

Selectors without a window in kvpress have none here either. Expected Attention adds 0.02 before it multiplies by the values' norms, and kvpress is configured the same way (by default it adds nothing). H2O sums the
attention of all tokens. kvpress's \`ObservedAttentionPress\` divides that by the number of tokens that can attend a row, which is undone here. KVzip's press chooses over the heads of a layer or of all
layers and always keeps the first four rows. Here the best rows by its scores are taken head by head.`,
    figures: {
      tokens,
      versions,
      tolerance: TOLERANCE,
      networks: compared.map(({ network, results }) => ({
        network,
        cases: results.map(({ choice, comparison }) => ({ cache: choice.cache, ...comparison })),
      })),
    },
    model: 'SmolLM2-135M-Instruct, dequantised from Q4_1',
  };
}
