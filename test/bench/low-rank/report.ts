import type { Report } from '../report.ts';
import { VERSION, type Outcome } from '../small/smallModels.ts';
import { format, signed, spread, type Spread } from '../small/spread.ts';
import { mean } from '../statistics.ts';
import { arms, dense, FRACTIONS, operations, rateGroup, settings, stepsOf, type Arm } from './arms.ts';

type Seeds = readonly ReadonlyMap<string, Outcome>[];
const TOKENS_PER_STEP = settings.sequenceTokens * settings.batchSequences;

/** Returns the report of some seeds and of the rates that were chosen for them. */
export function lowRankReport(
  seeds: Seeds,
  rates: ReadonlyMap<string, number>,
  sweep: Readonly<Record<string, Readonly<Record<string, number>>>>,
): Omit<Report, 'command'> {
  const { sizes } = settings;
  const row = (arm: Arm): string => {
    const { lowRank } = arm;
    const kind = lowRank
      ? `${lowRank.size} | ${lowRank.denseSteps > 0 ? `${lowRank.denseSteps} dense steps` : lowRank.init} | ${lowRank.decay}`
      : '1 | dense | l2';
    return `| ${kind} | ${rates.get(rateGroup(arm))} | ${stepsOf(arm) * TOKENS_PER_STEP} | ${format(perplexity(seeds, arm))} | ${lowRank ? signed(against(seeds, arm, dense)) : ''} |`;
  };
  const table = (equal: Arm['equal']): string =>
    [
      '| rank / smaller side | begins as | decay | rate | tokens | perplexity | loss − dense |',
      '|---|---|---|---|---|---|---|',
      ...[dense, ...arms.filter((arm) => arm.equal === equal && arm !== dense)].map(row),
    ].join('\n');
  const named = (name: string): Arm => arms.find((arm) => arm.name === name) as Arm;
  const pairs = FRACTIONS.flatMap((size) => [
    ...(['tokens', 'operations'] as const).flatMap((equal) =>
      (
        [
          ['spectral', 'he'],
          ['spectral-ones', 'spectral'],
        ] as const
      ).map(([first, second]) => ({
        label: `${first} against ${second}, share ${size}, equal ${equal}`,
        difference: against(
          seeds,
          named(`${first}-${size}-frobenius-${equal}`),
          named(`${second}-${size}-frobenius-${equal}`),
        ),
      })),
    ),
    ...(['tokens', 'operations'] as const).flatMap((equal) =>
      (['he', 'spectral', 'spectral-ones'] as const).map((init) => ({
        label: `Frobenius decay against L2, ${init}, share ${size}, equal ${equal}`,
        difference: against(seeds, named(`${init}-${size}-frobenius-${equal}`), named(`${init}-${size}-l2-${equal}`)),
      })),
    ),
    {
      label: `dense steps first against spectral, share ${size}`,
      difference: against(seeds, named(`warm-${size}`), named(`spectral-${size}-frobenius-tokens`)),
    },
  ]);
  return {
    name: 'low-rank',
    title: 'Training of low rank',
    model: `Llama of ${sizes.blocks} blocks, width ${sizes.width}, ${sizes.heads} heads, network ${sizes.feedForwardWidth}, vocabulary ${settings.vocabularyTokens}, from random weights`,
    figures: {
      version: VERSION,
      settings,
      rates: Object.fromEntries(rates),
      sweep,
      arms: arms.map((arm) => ({
        ...arm,
        steps: stepsOf(arm),
        operations: operations(arm),
        perplexity: perplexity(seeds, arm),
        againstDense: arm === dense ? undefined : against(seeds, arm, dense),
      })),
      bySeed: seeds.map((seed) => Object.fromEntries(seed)),
    },
    body: `
\`chorus train --scratch … --low-rank\` on ${settings.domains.join(' and ')} in equal shares, ${seeds.length} seeds. All models of a seed learn from the same texts in the same
order. All matrices of blocks are products of two factors. The measured packages were not trained on. Perplexity is the
exponential of the mean loss over the two domains, mean ± standard deviation over seeds. Differences of the loss are in pairs, in nats per token. Each rank and initialisation has the
best of the rates ${settings.rates.join(', ')} (first seed, ${settings.sweepSteps} steps). Weight decay 0.1. A forward pass costs ${(operations(dense) / 1e6).toFixed(2)} million operations per token
in the dense model${FRACTIONS.map((size) => `, ${(operations({ lowRank: { size, init: 'he', decay: 'l2', denseSteps: 0 } }) / 1e6).toFixed(2)} with ranks of ${size}`).join('')} (output and scores are the same in all models).

## Equal tokens

${table('tokens')}

## Equal operations

${table('operations')}

## In pairs

A negative value means that the first is better.

| | difference |
|---|---|
${pairs.map(({ label, difference }) => `| ${label} | ${signed(difference)} |`).join('\n')}
`,
  };
}

const outcome = (seed: ReadonlyMap<string, Outcome>, { name }: Arm): Outcome => seed.get(name) as Outcome;
const loss = (seed: ReadonlyMap<string, Outcome>, arm: Arm): number =>
  mean(settings.domains.map((domain) => outcome(seed, arm).losses[domain]));
const perplexity = (seeds: Seeds, arm: Arm): Spread => spread(seeds.map((seed) => Math.exp(loss(seed, arm))));
const against = (seeds: Seeds, first: Arm, second: Arm): Spread =>
  spread(seeds.map((seed) => loss(seed, first) - loss(seed, second)));
