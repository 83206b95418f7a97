import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { Device } from '../../../../kernels/ggml/device.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import type { ActivationRange } from '../../../../kernels/blocks/roundToGrid.ts';
import { AdamW, NonFiniteGradientError } from '../../../../kernels/training/optimiser/adamW.ts';
import { Parameters } from '../../../../kernels/training/optimiser/parameters.ts';
import { learningRate } from '../../../../kernels/training/optimiser/schedules.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { refuseOverwriting } from '../../../models/gguf/overwriting.ts';
import type { TensorSource } from '../../../models/gguf/content.ts';
import { writeGguf } from '../../../models/gguf/writer.ts';
import {
  speechTransformerWeights,
  type SpeechTransformerHyperparameters,
} from '../../../speech/architectures/speechTransformer.ts';
import { sizesTrouble, speechTransformerMetadata } from '../../../speech/speechTransformerFile.ts';
import { SpeechVocabulary } from '../../../speech/speechVocabulary.ts';
import { Checkpoints } from '../checkpoints.ts';
import { lossPlot, lossPlotPath } from '../lossPlot.ts';
import type { TrainResult } from '../options.ts';
import { parameterSpec } from '../parameterSpecs.ts';
import { lockTraining, type TrainingLock } from '../trainingLock.ts';
import type { TrainListeners } from '../trainListeners.ts';
import { ActivationRanges } from './activationRanges.ts';
import { eightBitRows } from './eightBitRows.ts';
import { initialSpeechValues } from './initialSpeechValues.ts';
import { SpeechBatches } from './speechBatches.ts';
import { readSpeechCorpus, type SpeechCorpus } from './speechCorpus.ts';
import type { Rounding } from './speechNetwork.ts';
import { SpeechNetworks } from './speechNetworks.ts';
import type { SpeechTrainOptions } from './speechOptions.ts';

/** The state of a checkpoint besides tensors, losses and the step. The step decides the next data. */
interface StreamState {
  readonly ranges: readonly (readonly [place: string, range: ActivationRange])[];
}

/** The number of batches for calibrating activation ranges. */
const CALIBRATION_BATCHES = 16;
const SPEED_STEPS = 10;

/**
 * Trains a Speech-Transformer on utterances and writes it as GGUF, with checkpoints. Native code runs in this process.
 * Throws `TroubleError`; the last checkpoint stays intact.
 */
export async function trainSpeech(options: SpeechTrainOptions, listeners: TrainListeners = {}): Promise<TrainResult> {
  const wrong = sizesTrouble(options.speech);
  if (wrong) throw new TroubleError('invalid-input', `A network of these sizes can't be made: ${wrong}.`);
  await refuseOverwriting(options.dataPaths, options.outputPath);
  await using lock = await lockTraining(options.checkpointFolder);
  const corpus = await readSpeechCorpus(options.dataPaths, options.speech.melBands);
  const vocabulary = SpeechVocabulary.of(corpus.utterances);
  listeners.onNote?.(
    `${corpus.utterances.length} utterances, ${(corpus.seconds / 60).toFixed(1)} minutes, ${vocabulary.characters.length} characters, languages: ${vocabulary.languages.join(', ')}`,
  );
  const hyperparameters: SpeechTransformerHyperparameters = {
    ...options.speech,
    vocabularySize: vocabulary.size,
    positions: options.positions,
  };
  using training = new SpeechTraining(options, corpus, { hyperparameters, vocabulary });
  const { step, losses } = await training.run(listeners, lock);
  if (step < options.schedule.totalSteps) return { step, losses };
  return { step, losses, ...(await training.writeResult(losses)) };
}

class SpeechTraining implements Disposable {
  readonly #device: Device;
  readonly #parameters: Parameters;
  readonly #optimiser: AdamW;
  readonly #batches: SpeechBatches;
  readonly #networks: SpeechNetworks;
  #ranges = new ActivationRanges();

  constructor(
    private readonly options: SpeechTrainOptions,
    private readonly corpus: SpeechCorpus,
    private readonly model: {
      readonly hyperparameters: SpeechTransformerHyperparameters;
      readonly vocabulary: SpeechVocabulary;
    },
  ) {
    this.#device = new Device('cpu', { threads: options.threads });
    const specs = speechTransformerWeights(model.hyperparameters).map((spec) => ({
      ...parameterSpec(spec, { tiedOutput: false }),
      isHidden: spec.use === 'matrix' && spec.name.includes('.blk.'),
    }));
    this.#parameters = new Parameters(this.#device, specs, 'F32');
    this.#optimiser = new AdamW(this.#parameters, options.optimiser);
    this.#batches = new SpeechBatches(corpus.utterances, model.vocabulary, {
      ...options,
      bands: options.speech.melBands,
    });
    const { start, end } = model.vocabulary;
    this.#networks = new SpeechNetworks({
      hyperparameters: model.hyperparameters,
      parameters: this.#parameters,
      utterances: options.batchUtterances,
      tokens: this.#batches.longestText,
      start,
      end,
    });
  }

  /** Runs the remaining steps, until it is stopped. */
  async run(
    { onProgress, onNote, signal }: TrainListeners,
    lock: TrainingLock,
  ): Promise<{ readonly step: number; readonly losses: readonly number[] }> {
    const { schedule, checkpointSteps, bits, eightBitSteps } = this.options;
    const checkpoints = new Checkpoints<StreamState>(this.options.checkpointFolder);
    const fingerprint = this.#fingerprint();
    const resumed = this.options.resume
      ? await checkpoints.readState({ fingerprint, totalSteps: schedule.totalSteps })
      : undefined;
    if (resumed) {
      await checkpoints.readTensors(resumed, this.#parameters);
      this.#ranges = new ActivationRanges(resumed.stream.ranges);
    } else this.#writeInitialValues();
    await this.#optimiser.refresh();
    const losses = [...(resumed?.losses ?? [])];
    let saved = resumed?.step ?? 0;
    const weights = this.#parameters.all.reduce((sum, { master }) => sum + master.elements, 0);
    onNote?.(`${(weights / 1e6).toFixed(2)} million weights are trained${saved > 0 ? `, from step ${saved} on` : ''}`);
    const roundedFrom = bits === 'trained' ? schedule.totalSteps - eightBitSteps : Infinity;
    if (resumed && saved > roundedFrom && this.#ranges.isEmpty) {
      throw new TroubleError(
        'invalid-input',
        `The checkpoint of step ${saved} was trained only in float32, and training for 8 bits needs ${eightBitSteps} more steps. Expected --steps ${saved + eightBitSteps} or more, got ${schedule.totalSteps}. Or calibrate the ranges afterwards with --speech-bits calibrated.`,
      );
    }
    // Only after all checks, so that a refused training loses nothing.
    if (!this.options.resume) await checkpoints.clear();
    const times = [performance.now()];
    let step = saved;
    const save = async (): Promise<void> => {
      lock.requireHeld();
      await checkpoints.save(
        { step, losses, fingerprint, stream: { ranges: [...this.#ranges.all] } },
        this.#parameters,
      );
      saved = step;
    };
    while (step < schedule.totalSteps && !signal?.aborted) {
      if (step >= roundedFrom && this.#ranges.isEmpty) await this.#calibrate();
      const rate = learningRate(step + 1, schedule);
      const result = await this.#step(step + 1, rate, { rounding: step >= roundedFrom ? 'eight-bit' : 'none', saved });
      step++;
      losses.push(result.loss);
      times.push(performance.now());
      const recent = times.slice(-SPEED_STEPS - 1);
      const secondsPerStep = ((recent.at(-1) as number) - (recent[0] as number)) / 1000 / (recent.length - 1);
      onProgress?.({
        step,
        totalSteps: schedule.totalSteps,
        ...result,
        rate,
        tokensPerSecond: result.tokens / secondsPerStep,
        secondsLeft: (schedule.totalSteps - step) * secondsPerStep,
        epoch: Math.floor(step / this.#batches.perEpoch),
      });
      if (step % checkpointSteps === 0) await save();
    }
    if (saved !== step) await save();
    return { step, losses };
  }

  async writeResult(losses: readonly number[]): Promise<{ outputPath: string; plotPath: string }> {
    const { outputPath, bits } = this.options;
    if (bits === 'calibrated') await this.#calibrate();
    const { hyperparameters, vocabulary } = this.model;
    const metadata = speechTransformerMetadata({
      hyperparameters,
      vocabulary,
      ranges: bits === 'float' ? new Map() : this.#ranges.all,
    });
    const uses = new Map(speechTransformerWeights(hyperparameters).map(({ name, use }) => [name, use]));
    const tensors = this.#parameters.all.map(({ spec: { name, extents }, master }): TensorSource => {
      const isEightBit = bits !== 'float' && uses.get(name) !== 'vector';
      const values = (): Float32Array => readF32(this.#device, master);
      return {
        name,
        shape: extents,
        type: isEightBit ? 'Q8_0' : 'F32',
        chunks: () => [isEightBit ? eightBitRows(values()) : bytesOf(values())],
      };
    });
    await writeGguf(outputPath, { metadata, tensors });
    const plotPath = lossPlotPath(outputPath);
    await writeFile(plotPath, lossPlot(losses));
    return { outputPath, plotPath };
  }

  async #step(
    step: number,
    rate: number,
    { rounding, saved }: { readonly rounding: Rounding; readonly saved: number },
  ): Promise<{ loss: number; gradientNorm: number; tokens: number }> {
    const batch = this.#batches.batch(step);
    const network = this.#networks.obtain(batch.frames, rounding);
    this.#parameters.clearGradients();
    const loss = await network.accumulate(batch, this.#ranges);
    const diverged = (what: string, cause?: unknown): TroubleError => {
      const kept =
        saved === 0 ? 'There is no checkpoint yet: start again' : `The checkpoint of step ${saved} is intact: continue`;
      return new TroubleError(
        'engine-failed',
        `The training diverged: ${what} ${kept} with a lower --rate or a longer --warm-up.`,
        { cause },
      );
    };
    if (!Number.isFinite(loss)) throw diverged(`the loss of step ${step} is ${loss} at a rate of ${rate}.`);
    for (const [place, range] of network.observed()) this.#ranges.observe(place, range);
    try {
      const { gradientNorm } = await this.#optimiser.step(step, rate);
      return { loss, gradientNorm, tokens: batch.targets.reduce((sum, { length }) => sum + length, 0) };
    } catch (error) {
      if (error instanceof NonFiniteGradientError) throw diverged(error.message, error);
      throw error;
    }
  }

  /** Observes the inputs of the float network's products, over some batches. */
  async #calibrate(): Promise<void> {
    this.#ranges = new ActivationRanges();
    for (let number = 1; number <= CALIBRATION_BATCHES; number++) {
      const batch = this.#batches.batch(number);
      const network = this.#networks.obtain(batch.frames, 'observe');
      await network.accumulate(batch, this.#ranges);
      for (const [place, range] of network.observed()) this.#ranges.include(place, range);
    }
  }

  #writeInitialValues(): void {
    const values = initialSpeechValues(
      speechTransformerWeights(this.model.hyperparameters),
      this.model.hyperparameters,
      this.options.seed,
    );
    for (const { spec, master } of this.#parameters.all)
      write(this.#device, master, values.get(spec.name) as Float32Array);
  }

  /** A digest of all options that must stay the same to resume. The number of bits of the result may change. */
  #fingerprint(): string {
    const { speech, positions, batchUtterances, optimiser, specAugment, seed } = this.options;
    return createHash('sha256')
      .update(
        JSON.stringify([this.corpus.fingerprint, { speech, positions, batchUtterances, optimiser, specAugment, seed }]),
      )
      .digest('hex');
  }

  [Symbol.dispose](): void {
    this.#networks[Symbol.dispose]();
    this.#optimiser[Symbol.dispose]();
    this.#parameters[Symbol.dispose]();
    this.#device[Symbol.dispose]();
  }
}

const bytesOf = (values: Float32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
