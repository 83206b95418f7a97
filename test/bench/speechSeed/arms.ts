import { cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Device } from '../../../kernels/ggml/device.ts';
import { defaultAdamW } from '../../../kernels/training/optimiser/adamWOptions.ts';
import { openSpectrum } from '../../../sidecar/speech/speechFeatures.ts';
import { SpeechTransformerTranscriber } from '../../../sidecar/speech/speechTransformerTranscriber.ts';
import { utteranceMel } from '../../../sidecar/workshop/train/speech/speechCorpus.ts';
import type { SpeechTrainOptions } from '../../../sidecar/workshop/train/speech/speechOptions.ts';
import { trainInProcess } from '../../../sidecar/workshop/train/trainingProcess.ts';
import { wordErrors, wordsOf } from '../speech/words.ts';
import { readList } from './corpus.ts';

export const sizes: SpeechTrainOptions['speech'] = {
  melBands: 32,
  channels: 8,
  width: 96,
  encoderBlocks: 2,
  decoderBlocks: 2,
  heads: 4,
  feedForwardWidth: 256,
};
export const BATCH_UTTERANCES = 8;
const PEAK_RATE = 1.5e-3;

/** Trainings and measurements of one run. Finished parts are kept in `folder`, and a later run continues. */
export interface Experiment {
  readonly folder: string;
  readonly name: string;
  readonly trainList: string;
  readonly steps: number;
  /** The steps in 8 bits of the arm that is trained in 8 bits. */
  readonly eightBitSteps: number;
  readonly threads: number;
  readonly signal: AbortSignal;
}

export type ArmName = 'float' | 'calibrated' | 'trained' | 'sinusoidal';
/** The arms of one training belong together. */
export const ARM_NAMES: readonly ArmName[] = ['float', 'calibrated', 'trained', 'sinusoidal'];

export interface Outcome {
  readonly sizeBytes: number;
  /** Errors and words by the name of the test list. */
  readonly words: Readonly<Record<string, { readonly errors: number; readonly words: number }>>;
}

/** Trains an arm if necessary, and counts its errors on lists of recordings. */
export async function outcome(
  experiment: Experiment,
  arm: ArmName,
  seed: number,
  tests: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const file = path.join(experiment.folder, `${experiment.name}-${arm}-${seed}.json`);
  const known = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as Partial<Outcome>;
  const missing = Object.entries(tests).filter(([name]) => !known.words?.[name]);
  if (missing.length === 0) return known as Outcome;
  const model = await train(experiment, arm, seed);
  let result: Outcome = { sizeBytes: (await stat(model)).size, words: known.words ?? {} };
  for (const [name, list] of missing) {
    result = { ...result, words: { ...result.words, [name]: await countErrors(model, list, experiment.threads) } };
    await writeFile(`${file}.part`, JSON.stringify(result));
    await rename(`${file}.part`, file);
  }
  return result;
}

/**
 * Trains an arm. The 8-bit arms begin with the result of the float arm: its end, or its checkpoint before the steps in
 * 8 bits.
 */
async function train(experiment: Experiment, arm: ArmName, seed: number): Promise<string> {
  const outputPath = modelPath(experiment, arm, seed);
  if (await stat(outputPath).catch(() => undefined)) return outputPath;
  experiment.signal.throwIfAborted();
  const folderOf = (name: ArmName): string =>
    path.join(experiment.folder, 'checkpoints', `${experiment.name}-${name}-${seed}`);
  const { steps, eightBitSteps } = experiment;
  if (arm === 'calibrated' || arm === 'trained') {
    await train(experiment, 'float', seed);
    const step = arm === 'calibrated' ? steps : steps - eightBitSteps;
    const name = `step-${String(step).padStart(8, '0')}`;
    if (!(await stat(folderOf(arm)).catch(() => undefined))) {
      await rm(`${folderOf(arm)}.part`, { recursive: true, force: true });
      await mkdir(`${folderOf(arm)}.part`, { recursive: true });
      await cp(path.join(folderOf('float'), name), path.join(`${folderOf(arm)}.part`, name), { recursive: true });
      await rename(`${folderOf(arm)}.part`, folderOf(arm));
    }
  }
  const options: SpeechTrainOptions = {
    speech: sizes,
    positions: arm === 'sinusoidal' ? 'sinusoidal' : 'convolutional',
    dataPaths: [experiment.trainList],
    outputPath,
    checkpointFolder: folderOf(arm),
    // The last two checkpoints are kept: that of the end, and that at which 8 bits begin.
    checkpointSteps: eightBitSteps,
    resume: true,
    batchUtterances: BATCH_UTTERANCES,
    schedule: {
      kind: 'cosine',
      peakRate: PEAK_RATE,
      floorShare: 0.05,
      warmUpSteps: 50,
      totalSteps: steps,
      decayShare: 0.2,
    },
    optimiser: { ...defaultAdamW, weightDecay: 0.05 },
    bits: arm === 'calibrated' || arm === 'trained' ? arm : 'float',
    eightBitSteps,
    specAugment: true,
    seed,
    threads: experiment.threads,
  };
  const result = await trainInProcess(options, {
    signal: experiment.signal,
    onProgress: ({ step, loss, secondsLeft }) =>
      void (
        step % 25 === 0 &&
        process.stderr.write(
          `${experiment.name} ${arm} ${seed}: step ${step} of ${steps}, loss ${loss.toFixed(3)}, ${Math.round(secondsLeft / 60)} min left\n`,
        )
      ),
  });
  if (result.outputPath === undefined)
    throw new Error(`${experiment.name} ${arm} ${seed} was stopped after step ${result.step}.`);
  return outputPath;
}

export const modelPath = ({ folder, name }: Experiment, arm: ArmName, seed: number): string =>
  path.join(folder, `${name}-${arm}-${seed}.gguf`);

/** Counts errors of greedy search with the given language. Each file is one utterance. */
async function countErrors(model: string, list: string, threads: number): Promise<{ errors: number; words: number }> {
  using device = new Device('cpu', { threads });
  using transcriber = await SpeechTransformerTranscriber.open(model, device);
  using spectrum = openSpectrum(device, sizes.melBands);
  let [errors, words] = [0, 0];
  for (const { audio_filepath: file, text, language } of await readList(list)) {
    const mel = await utteranceMel(spectrum, path.resolve(path.dirname(list), file), sizes.melBands);
    const heard = await transcriber.recognise(mel, { language });
    errors += wordErrors(wordsOf(text), wordsOf(heard.text));
    words += wordsOf(text).length;
  }
  return { errors, words };
}
