import type { Report } from '../report.ts';
import { format, spread } from '../small/spread.ts';
import { BATCH_UTTERANCES, sizes, type ArmName, type Experiment, type Outcome } from './arms.ts';
import type { LayerError } from './layers.ts';

/** The results of one seed. Some arms may still be missing. */
export interface SeedOutcomes {
  readonly seed: number;
  readonly english: Readonly<Partial<Record<ArmName, Outcome>>>;
  readonly languages: Readonly<Partial<Record<ArmName, Outcome>>>;
}

export interface SpeechSeedResults {
  readonly seeds: readonly SeedOutcomes[];
  /** The errors of each seed whose model was calibrated. */
  readonly layers: readonly (readonly LayerError[])[];
  readonly comparedRecordings: number;
}

const labels: Readonly<Record<ArmName, string>> = {
  float: 'float32, convolutional context',
  calibrated: '8 bits, calibrated afterwards',
  trained: '8 bits, trained in the last steps',
  sinusoidal: 'float32, sinusoidal positions',
};

/** Returns the report of the results so far. */
export function speechSeedReport(
  { seeds, layers, comparedRecordings }: SpeechSeedResults,
  experiments: { readonly english: Experiment; readonly languages: Experiment },
): Omit<Report, 'command'> {
  const { english, languages } = experiments;
  const englishTests = ['other voices', 'other voices, longer', 'a person', 'a person, longer'];
  const arms = Object.keys(labels) as ArmName[];
  const englishRows = arms.map(
    (arm) =>
      `| ${labels[arm]} | ${size(seeds, arm)} | ${englishTests.map((test) => rate(seeds, 'english', arm, test)).join(' | ')} | ${seeds.filter((seed) => seed.english[arm]).length} |`,
  );
  const tests = Object.keys(seeds.find((seed) => seed.languages.float)?.languages.float?.words ?? {});
  const languageRows = tests.map(
    (test) =>
      `| ${test} | ${(['float', 'trained'] as const).map((arm) => rate(seeds, 'languages', arm, test)).join(' | ')} |`,
  );
  const layerRows = (layers[0] ?? []).map(
    ({ layer }, index) =>
      `| ${layer} | ${format(spread(layers.map((errors) => 100 * (errors[index] as LayerError).error)))} % |`,
  );
  const languageSeeds = seeds.filter((seed) => seed.languages.trained).length;
  return {
    name: 'speech-seed',
    title: 'Speech in 8 bits, and without positions',
    model: `Speech-Transformer of ${sizes.encoderBlocks} and ${sizes.decoderBlocks} blocks, width ${sizes.width}, ${sizes.channels} channels, from random weights`,
    figures: { seeds, layers, steps: { english: english.steps, languages: languages.steps } },
    body: `
Small models learn to recognise a few words: numbers, the editor's spoken commands, and in English keywords. **Their training data is synthetic**: espeak-ng speaks it in 11 variants of its voices, at 130 to 210 words
a minute and various pitches. Three of flite's voices, which are made from recordings of people, speak half of the English. All sounds are at the telephone's 8 kHz, with noise 15 to 45 dB below them. Word error rates, mean ± standard deviation over seeds. Errors may exceed the number of words, since a model may add words.

## In English

1 or 2 items in an utterance of the training, ${english.steps} steps of ${BATCH_UTTERANCES} utterances. "Other voices" are variants of espeak-ng and a voice of flite that were not trained on. "A person" is the speaker of
Asterisk's prompts, with digits in sequences with pauses of 0.15 s, whom no model has heard. "Longer" has 3 to 5 items. All arms of a seed see the same utterances in the same order. The arm "trained in the last steps"
leaves the float training ${english.eightBitSteps} steps before its end.

| | file | ${englishTests.join(' | ')} | seeds |
|---|---|${englishTests.map(() => '---|').join('')}---|
${englishRows.join('\n')}

## Layer by layer

The outputs of the layers for ${comparedRecordings} utterances of other voices, whose texts the decoder is given: the same weights in 8 bits with ranges calibrated afterwards, compared with float32. The figure is the root mean square of the difference as a share of
that of the output. Weights have one step per tensor, activations one fixed range per place.

| layer | difference |
|---|---|
${layerRows.join('\n')}

## By language

${
  languageRows.length === 0
    ? 'Not trained yet. Run the same command to continue.'
    : `One model for 23 languages, ${languageSeeds === 1 ? 'one seed' : `${languageSeeds} seeds`}, ${languages.steps} steps of ${BATCH_UTTERANCES} utterances, the last ${languages.eightBitSteps} in 8 bits, 1 or 2 items in an utterance. The tests have other voices of espeak-ng, so they are **synthetic too**. If there are
recordings of a person, they also have that person's digits.

| | float32 | 8 bits, trained |
|---|---|---|
${languageRows.join('\n')}`
}`,
  };
}

function rate(seeds: readonly SeedOutcomes[], kind: 'english' | 'languages', arm: ArmName, test: string): string {
  const counts = seeds.flatMap((seed) => seed[kind][arm]?.words[test] ?? []);
  return counts.length === 0 ? '' : `${format(spread(counts.map(({ errors, words }) => (100 * errors) / words)))} %`;
}

function size(seeds: readonly SeedOutcomes[], arm: ArmName): string {
  const bytes = seeds.find((seed) => seed.english[arm])?.english[arm]?.sizeBytes;
  return bytes === undefined ? '' : `${(bytes / 1e6).toFixed(2)} MB`;
}
