import type { Report } from '../report.ts';
import { format, spread } from '../small/spread.ts';
import { BATCH_UTTERANCES, sizes, type ArmName, type Experiment, type Outcome } from './arms.ts';
import type { LayerError } from './layers.ts';

/** What is known of one seed: some arms may be missing yet. */
export interface SeedOutcomes {
  readonly seed: number;
  readonly english: Readonly<Partial<Record<ArmName, Outcome>>>;
  readonly languages: Readonly<Partial<Record<ArmName, Outcome>>>;
}

export interface SpeechSeedResults {
  readonly seeds: readonly SeedOutcomes[];
  /** Of each seed whose model was calibrated. */
  readonly layers: readonly (readonly LayerError[])[];
  readonly comparedRecordings: number;
}

const labels: Readonly<Record<ArmName, string>> = {
  float: 'float32, convolutional context',
  calibrated: '8 bits, ranges looked at afterwards',
  trained: '8 bits, trained in the last steps',
  sinusoidal: 'float32, sinusoidal positions',
};

/** The report of what was made so far. */
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
Small models that learn to hear a few words: numbers, the editor's spoken commands, and in English keywords. **What they are trained on is synthetic**: espeak-ng says it, in 11 variants of its voices, at 130 to 210 words
a minute and various pitches, and half of the English three of flite's voices, which are made of recordings of people; all at the telephone's 8 kHz, with noise 15 to 45 dB below it. Word error rates, mean ± standard deviation over seeds; errors may be more than all words, since words may be heard that nobody said.

## In English

1 or 2 items in an utterance of the training, ${english.steps} steps of ${BATCH_UTTERANCES} utterances. "Other voices" are variants of espeak-ng and a voice of flite that were not trained on, "a person" is the speaker of
Asterisk's prompts, digits strung together with pauses of 0.15 s, whom no model has heard; "longer" has 3 to 5 items. All arms of a seed see the same utterances in the same order; the arm "trained in the last steps"
leaves the float training ${english.eightBitSteps} steps before its end.

| | file | ${englishTests.join(' | ')} | seeds |
|---|---|${englishTests.map(() => '---|').join('')}---|
${englishRows.join('\n')}

## Layer by layer

What each layer makes of ${comparedRecordings} utterances of other voices, their texts given to the decoder: the same weights in 8 bits with ranges looked at afterwards against float32, the root mean square of the difference as a share of
that of the output. Weights have one step a tensor, activations one fixed range a place.

| what | difference |
|---|---|
${layerRows.join('\n')}

## By language

${
  languageRows.length === 0
    ? 'Not trained yet: the same command goes on with it.'
    : `One model for 23 languages, ${languageSeeds === 1 ? 'one seed' : `${languageSeeds} seeds`}, ${languages.steps} steps of ${BATCH_UTTERANCES} utterances, the last ${languages.eightBitSteps} in 8 bits, 1 or 2 items in an utterance; other voices of espeak-ng, so **synthetic too**, and where there are
recordings of a person, digits that he or she said.

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
