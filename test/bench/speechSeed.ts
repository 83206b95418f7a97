/**
 * Repeats the comparison of the fully quantised Transformer for speech (arXiv 1911.03604) on small models. It compares
 * float32 with 8 bits in all weights and activations, and convolutional context with sinusoidal positions on utterances
 * longer than in training. It also measures real recordings, single layers, and each language:
 *
 *   npx tsx test/bench/speechSeed.ts [--seeds 3] [--max-seconds N] [--threads 1] [--write]
 *
 * Results are kept in the developer cache, so that several runs with `--max-seconds` add up to a whole run. Debian's
 * espeak-ng and flite speak the training texts. The real recordings are those of its
 * asterisk-core-sounds-{en,es,fr,it,ru}-wav.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { developerCacheFolder } from '../../.scripts/fetchModel.ts';
import { SPOKEN_COMMANDS } from '../../sidecar/dictation/spokenCommands.ts';
import { writeReport } from './report.ts';
import { ARM_NAMES, modelPath, outcome, type Experiment, type Outcome } from './speechSeed/arms.ts';
import { realDigits, SPEAKERS, speak } from './speechSeed/corpus.ts';
import { layerErrors, type LayerError } from './speechSeed/layers.ts';
import { speechSeedReport, type SeedOutcomes } from './speechSeed/report.ts';

/** The number of recordings whose activations are compared layer by layer. */
const COMPARED_RECORDINGS = 20;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    'max-seconds': { type: 'string', default: '86400' },
    threads: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const folder = path.join(developerCacheFolder(), 'speech-seed');
await mkdir(folder, { recursive: true });
const common = {
  folder,
  threads: Number(values.threads),
  signal: AbortSignal.timeout(1000 * Number(values['max-seconds'])),
};
const languages = Object.keys(SPOKEN_COMMANDS);

const english: Experiment = {
  ...common,
  name: 'english',
  trainList: await speak(folder, {
    name: 'english-train',
    languages: ['en'],
    perLanguage: 3_000,
    items: [1, 2],
    voices: 'trained',
    seed: 1,
  }),
  steps: 3_000,
  eightBitSteps: 300,
};
const englishTests = {
  'other voices': await speak(folder, {
    name: 'english-voices',
    languages: ['en'],
    perLanguage: 150,
    items: [1, 2],
    voices: 'unseen',
    seed: 2,
  }),
  'other voices, longer': await speak(folder, {
    name: 'english-longer',
    languages: ['en'],
    perLanguage: 100,
    items: [3, 5],
    voices: 'unseen',
    seed: 3,
  }),
  'a person': await realDigits(folder, { name: 'english-real', language: 'en', count: 100, items: [1, 2], seed: 4 }),
  'a person, longer': await realDigits(folder, {
    name: 'english-real-longer',
    language: 'en',
    count: 50,
    items: [3, 5],
    seed: 5,
  }),
};
const many: Experiment = {
  ...common,
  name: 'languages',
  trainList: await speak(folder, {
    name: 'languages-train',
    languages,
    perLanguage: 120,
    items: [1, 2],
    voices: 'trained',
    seed: 6,
  }),
  steps: 3_000,
  eightBitSteps: 300,
};
const manyTests: Record<string, string> = {};
for (const language of languages)
  manyTests[language] = await speak(folder, {
    name: `languages-${language}`,
    languages: [language],
    perLanguage: 30,
    items: [1, 2],
    voices: 'unseen',
    seed: 7,
  });
for (const language of Object.keys(SPEAKERS))
  manyTests[`${language}, a person`] = await realDigits(folder, {
    name: `languages-real-${language}`,
    language,
    count: 40,
    items: [1, 2],
    seed: 8,
  });

const seeds: SeedOutcomes[] = [];
try {
  for (let seed = 1; seed <= Number(values.seeds); seed++) {
    const found: Record<string, Outcome> = {};
    seeds.push({ seed, english: found, languages: {} });
    for (const arm of ARM_NAMES) found[arm] = await outcome(english, arm, seed, englishTests);
  }
  for (const each of seeds) {
    for (const arm of ['float', 'trained'] as const)
      (each.languages as Record<string, Outcome>)[arm] = await outcome(many, arm, each.seed, manyTests);
  }
} catch (error) {
  if (!common.signal.aborted) throw error;
  process.stderr.write(`${(error as Error).message} Run the same command to continue.\n`);
}
const layers: (readonly LayerError[])[] = [];
for (const { seed, english: found } of seeds) {
  if (found['calibrated'])
    layers.push(
      await layerErrors(
        { float: modelPath(english, 'float', seed), eightBit: modelPath(english, 'calibrated', seed) },
        englishTests['other voices'],
        COMPARED_RECORDINGS,
      ),
    );
}
const report = speechSeedReport(
  { seeds, layers, comparedRecordings: COMPARED_RECORDINGS },
  { english, languages: many },
);
process.stdout.write(`${report.body}\n`);
if (values.write)
  await writeReport({ ...report, command: `npx tsx test/bench/speechSeed.ts --seeds ${values.seeds} --write` });
