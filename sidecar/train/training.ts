import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { AdamW, NonFiniteGradientError } from '../../kernels/optimiser/adamW.ts';
import type { WeightType } from '../../kernels/optimiser/parameters.ts';
import { learningRate } from '../../kernels/optimiser/schedules.ts';
import { TroubleError } from '../engine/engine.ts';
import { BatchStream } from './batchStream.ts';
import { Checkpoints, type CheckpointState } from './checkpoints.ts';
import { readCorpus, type Corpus } from './corpus.ts';
import { seedOf } from './dropout.ts';
import { lossPlot } from './lossPlot.ts';
import type { TrainOptions, TrainProgress, TrainResult } from './options.ts';
import { openTokenizer } from './openTokenizer.ts';
import { NetworkDevices, ParallelNetworks } from './parallelNetworks.ts';
import { exportModel, modelFromFile, modelFromScratch, placeModel, type TrainedModel } from './trainedModel.ts';

export interface TrainListeners {
  readonly onProgress?: (progress: TrainProgress) => void;
  /** One line on what was read and what is trained. */
  readonly onNote?: (line: string) => void;
  /** Ends the training after the step under way, with a checkpoint. */
  readonly signal?: AbortSignal;
}

const weightTypes = { f32: 'F32', bf16: 'BF16', q8: 'Q8_0' } as const satisfies Record<TrainOptions['precision'], WeightType>;

/** Steps over which the speed is averaged. */
const SPEED_STEPS = 10;

/**
 * Trains a model on texts and writes it as GGUF, with checkpoints on the way. Native code runs in this process. Throws `TroubleError`; the last
 * checkpoint is whole then.
 */
export async function train(options: TrainOptions, listeners: TrainListeners = {}): Promise<TrainResult> {
  const { microSequences, batchSequences, sequenceTokens } = options;
  if (batchSequences % microSequences !== 0) throw new TroubleError('invalid-input', `${batchSequences} sequences of a step can't be computed ${microSequences} at a time.`);
  const corpus = await readCorpus(options.dataPaths, options);
  listeners.onNote?.(describeCorpus(corpus));
  const model = options.scratch ? await modelFromScratch(options.modelPath, options.scratch, sequenceTokens) : await modelFromFile(options.modelPath);
  const tokenizer = await openTokenizer(options, listeners.onNote);
  try {
    using devices = new NetworkDevices(options.device, { threads: options.threads, batches: batchSequences / microSequences });
    using placed = await placeModel(model, devices.all[0], {
      freeze: options.freeze.map((pattern) => new RegExp(pattern)),
      weightType: weightTypes[options.precision],
      seed: options.seed,
      networks: devices.all.length,
      singleScaleNorm: options.singleScaleNorm,
    });
    const { parameters, frozen } = placed;
    const checkpoints = new Checkpoints(options.checkpointFolder);
    const fingerprint = fingerprintOf(options, model, corpus);
    if (!options.resume) await checkpoints.clear();
    const resumed = await checkpoints.load(parameters, fingerprint);
    using optimiser = new AdamW(parameters, options.optimiser, devices.all);
    await optimiser.refresh();
    using networks = new ParallelNetworks(
      {
        architecture: model.architecture,
        hyperparameters: model.hyperparameters,
        parameters,
        frozen: frozen?.table.all,
        sequences: microSequences,
        sequenceTokens,
        dropout: options.dropout,
        outlierLoss: ((options.outlierLoss ?? 0) * microSequences) / batchSequences,
        routerLoss: { balance: (options.routerLoss.balance * microSequences) / batchSequences, z: (options.routerLoss.z * microSequences) / batchSequences },
      },
      devices.all,
    );
    const marks = { suffix: tokenizer.mark(options.fimSuffixMark), prefix: tokenizer.mark(options.fimPrefixMark) };
    const stream = new BatchStream(corpus.texts, tokenizer, { ...options, fimMarks: marks }, resumed?.stream);
    listeners.onNote?.(describeTraining(parameters.all.reduce((sum, { master }) => sum + master.elements, 0), parameters.sizeBytes + networks.computeBytes, resumed));
    return await runSteps({ options, listeners, model, optimiser, networks, stream, checkpoints, fingerprint, resumed });
  } finally {
    await tokenizer.dispose();
  }
}

interface Running {
  readonly options: TrainOptions;
  readonly listeners: TrainListeners;
  readonly model: TrainedModel;
  readonly optimiser: AdamW;
  readonly networks: ParallelNetworks;
  readonly stream: BatchStream;
  readonly checkpoints: Checkpoints;
  readonly fingerprint: string;
  readonly resumed: CheckpointState | undefined;
}

async function runSteps({ options, listeners, model, optimiser, networks, stream, checkpoints, fingerprint, resumed }: Running): Promise<TrainResult> {
  const { parameters } = networks.options;
  const { schedule, batchSequences, sequenceTokens, checkpointSteps } = options;
  const losses = [...(resumed?.losses ?? [])];
  const times = [performance.now()];
  let step = resumed?.step ?? 0;
  let saved = step;
  const save = async (): Promise<void> => {
    await checkpoints.save({ step, losses, stream: stream.state, fingerprint }, parameters);
    saved = step;
  };
  while (step < schedule.totalSteps && !listeners.signal?.aborted) {
    const rate = learningRate(step + 1, schedule);
    const { loss, gradientNorm } = await trainStep({ options, optimiser, networks, stream, step: step + 1, rate, saved });
    step++;
    losses.push(loss);
    times.push(performance.now());
    const recent = times.slice(-SPEED_STEPS - 1);
    const secondsPerStep = ((recent.at(-1) as number) - (recent[0] as number)) / 1000 / (recent.length - 1);
    listeners.onProgress?.({
      step,
      totalSteps: schedule.totalSteps,
      loss,
      rate,
      gradientNorm,
      tokensPerSecond: (batchSequences * sequenceTokens) / secondsPerStep,
      secondsLeft: (schedule.totalSteps - step) * secondsPerStep,
      epoch: stream.epoch,
    });
    if (step % checkpointSteps === 0) await save();
  }
  if (saved !== step) await save();
  if (step < schedule.totalSteps) return { step, losses };
  await exportModel(options.outputPath, model, parameters);
  const plotPath = path.join(path.dirname(options.outputPath), `${path.basename(options.outputPath, '.gguf')}.loss.svg`);
  await writeFile(plotPath, lossPlot(losses));
  return { step, losses, outputPath: options.outputPath, plotPath };
}

interface Step extends Pick<Running, 'options' | 'optimiser' | 'networks' | 'stream'> {
  readonly step: number;
  readonly rate: number;
  /** Step of the last checkpoint. */
  readonly saved: number;
}

async function trainStep({ options, optimiser, networks, stream, step, rate, saved }: Step): Promise<{ loss: number; gradientNorm: number }> {
  const { batchSequences } = options;
  const sequences = Array.from({ length: batchSequences }, () => stream.next());
  const counted = sequences.reduce((sum, { weights }) => sum + weights.reduce((all, weight) => all + weight, 0), 0);
  networks.options.parameters.clearGradients();
  const loss = await networks.accumulate(sequences, Math.max(1, counted), seedOf(options.seed, step));
  const diverged = (what: string, cause?: unknown): TroubleError => {
    const kept = saved === 0 ? 'There is no checkpoint yet.' : `The checkpoint of step ${saved} is whole.`;
    return new TroubleError('engine-failed', `The training diverged: ${what} ${kept} Go on from there with a lower --rate or a longer --warm-up.`, { cause });
  };
  if (!Number.isFinite(loss)) throw diverged(`the loss of step ${step} is ${loss} at a rate of ${rate}.`);
  try {
    const { gradientNorm } = await optimiser.step(step, rate);
    return { loss, gradientNorm };
  } catch (error) {
    if (error instanceof NonFiniteGradientError) throw diverged(error.message, error);
    throw error;
  }
}

/** What must be the same for a checkpoint to be taken up; the schedule may change, so that a training can be made longer. */
function fingerprintOf(options: TrainOptions, model: TrainedModel, corpus: Corpus): string {
  const { scratch, sequenceTokens, batchSequences, microSequences, precision, freeze, optimiser, routerLoss, fimShare, fimLoss, fimSuffixMark, fimPrefixMark, seed } = options;
  // What is off is left out, so that checkpoints from before there was such an option stay of use.
  const [dropout, singleScaleNorm, outlierLoss] = [options.dropout || undefined, options.singleScaleNorm || undefined, options.outlierLoss || undefined];
  const same = { dropout, singleScaleNorm, outlierLoss, scratch, sequenceTokens, batchSequences, microSequences, precision, freeze, optimiser, routerLoss, fimShare, fimLoss, fimSuffixMark, fimPrefixMark, seed };
  const weights = model.specs.map(({ name, extents }) => [name, ...extents]);
  return createHash('sha256').update(JSON.stringify([model.architecture.name, weights, corpus.fingerprint, same])).digest('hex');
}

function describeCorpus({ texts, bytes, skipped }: Corpus): string {
  const left = Object.entries({ binary: skipped.binary, 'too large': skipped.overLarge, 'the same as others': skipped.duplicate, empty: skipped.empty });
  const out = left.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return `${texts.length} texts, ${(bytes / 1e6).toFixed(1)} MB${out.length > 0 ? `; left out: ${out.join(', ')}` : ''}`;
}

function describeTraining(weights: number, bytes: number, resumed: CheckpointState | undefined): string {
  return `${(weights / 1e6).toFixed(1)} million weights are trained in ${(bytes / 1e9).toFixed(1)} GB${resumed ? `, from the checkpoint of step ${resumed.step}` : ''}`;
}
