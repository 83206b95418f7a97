import type { OutliersResult } from '../../../sidecar/workshop/protocol.ts';
import type { Report } from '../report.ts';
import { format, signed, spread, type Spread } from '../small/spread.ts';
import { mean } from '../statistics.ts';
import { arms, settings, type Arm } from './arms.ts';

/** The results of each arm. */
export type Measured = ReadonlyMap<string, OutliersResult>;

const WAYS = ['W8A8', 'W8', 'W4', 'W4A8'] as const;
const TOKENS = settings.steps * settings.sequenceTokens * settings.batchSequences;

/** Bits per byte in one way of rounding. The cost is the difference to float in thousandths of a bit. */
const bitsPerByte = (result: OutliersResult, way: string): number =>
  result.evaluations.find(({ name }) => name === way)?.bitsPerByte ?? NaN;
const cost = (result: OutliersResult, way: string): number =>
  1000 * (bitsPerByte(result, way) - bitsPerByte(result, 'float'));

/** The figures of one model, over the inputs of its layers, its norms and its matrices. */
const figures: readonly (readonly [label: string, of: (result: OutliersResult) => number, digits: number])[] = [
  ['kurtosis, mean', ({ inputs }) => mean(inputs.map(({ kurtosis }) => kurtosis)), 2],
  ['kurtosis, largest', ({ inputs }) => Math.max(...inputs.map(({ kurtosis }) => kurtosis)), 1],
  ['largest ÷ rms', ({ inputs }) => Math.max(...inputs.map(({ largest }) => largest)), 1],
  ['error of 8 bits, %', ({ inputs }) => 100 * mean(inputs.map(({ relativeError }) => relativeError)), 3],
  ['spread of gains', ({ norms }) => mean(norms.map((norm) => norm.spread)), 3],
  ['spectral norm', ({ matrices }) => mean(matrices.map(({ spectralNorm }) => spectralNorm)), 2],
];

/** Removes the results of single layers. */
function brief(result: OutliersResult): object {
  return {
    tokens: result.tokens,
    bitsPerByte: Object.fromEntries(result.evaluations.map(({ name, bitsPerByte: bits }) => [name, bits])),
    ...Object.fromEntries(figures.map(([label, of]) => [label, of(result)])),
  };
}

/** Returns the report of some seeds, with a model of usual size for comparison. */
export function quantizationReport(seeds: readonly Measured[], usual: OutliersResult): Omit<Report, 'command'> {
  const over = (arm: Arm, of: (result: OutliersResult) => number): Spread =>
    spread(seeds.map((seed) => of(seed.get(arm.name) as OutliersResult)));
  const costs = arms.map(
    (arm) =>
      `| ${arm.label} | ${format(
        over(arm, (result) => bitsPerByte(result, 'float')),
        4,
      )} | ${WAYS.map((way) =>
        format(
          over(arm, (result) => cost(result, way)),
          2,
        ),
      ).join(' | ')} |`,
  );
  const looks = arms.map(
    (arm) => `| ${arm.label} | ${figures.map(([, of, digits]) => format(over(arm, of), digits)).join(' | ')} |`,
  );
  const [recipe, ...changed] = arms;
  const pairs = changed.map((arm) => ({
    arm,
    ways: WAYS.map((way) => {
      const differences = seeds.map(
        (seed) => cost(seed.get(arm.name) as OutliersResult, way) - cost(seed.get(recipe.name) as OutliersResult, way),
      );
      return { way, difference: spread(differences), less: differences.filter((difference) => difference < 0).length };
    }),
  }));
  const { sizes } = settings;
  return {
    name: 'quantization',
    title: 'The cost of quantisation, by the training of a model',
    model: `Llama of ${sizes.blocks} blocks, width ${sizes.width}, ${sizes.heads} heads, network ${sizes.feedForwardWidth}, vocabulary ${settings.vocabularyTokens}, from random weights; and SmolLM2-135M-Instruct`,
    figures: {
      settings,
      bySeed: seeds.map((seed) => Object.fromEntries([...seed].map(([name, result]) => [name, brief(result)]))),
      usual: brief(usual),
    },
    body: `
For each of ${seeds.length} seeds the same model learns the same ${TOKENS} tokens of ${settings.domains.join(' and ')} in the same order by a recipe (weight decay 0.1, no dropout, clipping
at 1, AdamW, rate ${settings.rate}, bfloat16) and by the same recipe with one change. \`chorus outliers\` then measures each model on ${settings.sample.tokens} tokens of packages that none
was trained on. It measures bits per byte in float32, and with linear layers rounded to 8 or 4 bits: weights with one scale per output channel (W), activations with one scale per
token (A), symmetric absmax without calibration. Embedding, output, norms and softmax stay in float32. Mean ± standard deviation over seeds.

| | bits per byte in float | ${WAYS.map((way) => `+ ${way}, thousandths`).join(' | ')} |
|---|---|${'---|'.repeat(WAYS.length)}
${costs.join('\n')}

Causes of the cost: means over all layers' inputs, norms or matrices, unless stated otherwise.

| | ${figures.map(([label]) => label).join(' | ')} |
|---|${'---|'.repeat(figures.length)}
${looks.join('\n')}

## In pairs

The cost of rounding with the change minus the cost without it, in thousandths of a bit per byte, for the same seed; and the number of seeds in which it costs less.

| | ${WAYS.map((way) => `${way} | less`).join(' | ')} |
|---|${'---|---|'.repeat(WAYS.length)}
${pairs.map(({ arm, ways }) => `| ${arm.label} | ${ways.map(({ difference, less }) => `${signed(difference, 2)} | ${less} of ${seeds.length}`).join(' | ')} |`).join('\n')}

## A model of usual size

SmolLM2-135M-Instruct, on the same text${usual.tokens < settings.sample.tokens / 2 ? ` (${usual.tokens} tokens of it)` : ''}. Its file already holds weights in 4 bits, so only W8 and W8A8 are meaningful.

| bits per byte in float | + W8A8, thousandths | + W8, thousandths | ${figures.map(([label]) => label).join(' | ')} |
|---|---|---|${'---|'.repeat(figures.length)}
| ${bitsPerByte(usual, 'float').toFixed(4)} | ${cost(usual, 'W8A8').toFixed(2)} | ${cost(usual, 'W8').toFixed(2)} | ${figures.map(([, of, digits]) => of(usual).toFixed(digits)).join(' | ')} |
`,
  };
}
