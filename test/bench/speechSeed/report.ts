import type { Report } from '../report.ts';
import { format, spread } from '../small/spread.ts';
import { sizes, type ArmName, type Experiment, type Outcome } from './arms.ts';

/** What is known of one seed: some arms may be missing yet. */
export interface SeedOutcomes {
  readonly seed: number;
  readonly english: Readonly<Partial<Record<ArmName, Outcome>>>;
  readonly languages: Readonly<Partial<Record<ArmName, Outcome>>>;
}

const labels: Readonly<Record<ArmName, string>> = {
  float: 'float32, convolutional context',
  calibrated: '8 bits, ranges looked at afterwards',
  trained: '8 bits, trained in the last steps',
  sinusoidal: 'float32, sinusoidal positions',
};

/** The report of what was made so far. */
export function speechSeedReport(seeds: readonly SeedOutcomes[], experiments: { readonly english: Experiment; readonly languages: Experiment }): Omit<Report, 'command'> {
  const { english, languages } = experiments;
  const englishTests = ['other voices', 'other voices, longer', 'a person', 'a person, longer'];
  const arms = Object.keys(labels) as ArmName[];
  const englishRows = arms.map((arm) => `| ${labels[arm]} | ${size(seeds, arm)} | ${englishTests.map((test) => rate(seeds, 'english', arm, test)).join(' | ')} | ${seeds.filter((seed) => seed.english[arm]).length} |`);
  const tests = Object.keys(seeds.find((seed) => seed.languages.float)?.languages.float?.words ?? {});
  const languageRows = tests.map((test) => `| ${test} | ${(['float', 'trained'] as const).map((arm) => rate(seeds, 'languages', arm, test)).join(' | ')} |`);
  return {
    name: 'speech-seed',
    title: 'Speech in 8 bits, and without positions',
    model: `Speech-Transformer of ${sizes.encoderBlocks} and ${sizes.decoderBlocks} blocks, width ${sizes.width}, ${sizes.channels} channels, from random weights`,
    figures: { seeds, steps: { english: english.steps, languages: languages.steps } },
    body: `
Small models that learn to hear a few words: numbers, the editor's spoken commands, and in English keywords. **What they are trained on is synthetic**: espeak-ng says it, in 11 variants of its voices, at 130 to 210 words
a minute and various pitches, all at the telephone's 8 kHz. Word error rates, mean ± standard deviation over seeds; errors may be more than all words, since words may be heard that nobody said.

## In English

1 to 3 items in an utterance of the training, ${english.steps} steps of 16 utterances. "Other voices" are variants of espeak-ng that were not trained on, "a person" is the speaker of
Asterisk's prompts, digits strung together with pauses of 0.15 s, whom no model has heard; "longer" has 5 to 8 items. All arms of a seed see the same utterances in the same order; the arm "trained in the last steps"
leaves the float training ${english.eightBitSteps} steps before its end.

| | file | ${englishTests.join(' | ')} | seeds |
|---|---|${englishTests.map(() => '---|').join('')}---|
${englishRows.join('\n')}

## By language

One model for 23 languages, ${languages.steps} steps, 1 or 2 items in an utterance; other voices of espeak-ng, so **synthetic too**, and where there are recordings of a person, digits that he or she said.

${languageRows.length === 0 ? 'Not trained yet.' : `| | float32 | 8 bits, trained |\n|---|---|---|\n${languageRows.join('\n')}`}`,
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
