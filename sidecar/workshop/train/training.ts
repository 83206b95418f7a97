import { writeFile } from 'node:fs/promises';
import { readF32 } from '../../../kernels/ggml/transfer.ts';
import { AdamW } from '../../../kernels/training/optimiser/adamW.ts';
import type { WeightType } from '../../../kernels/training/optimiser/parameters.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { meanWeight } from '../../common/weightedText.ts';
import { refuseOverwriting } from '../../models/gguf/overwriting.ts';
import { availableMemoryBytes } from '../../models/availableMemory.ts';
import { writeAdapterStart } from './adapterStart.ts';
import { BatchStream } from './batchStream.ts';
import { Checkpoints, type CheckpointState } from './checkpoints.ts';
import { corpusOf, readCorpus, type Corpus } from './corpus.ts';
import { describeCorpus, describeIdleRouters, describeTraining } from './describeTraining.ts';
import { exportAdapter } from './exportAdapter.ts';
import { exportModel } from './exportModel.ts';
import { writeInitialValues } from './initialValues.ts';
import { lossPlot, lossPlotPath } from './lossPlot.ts';
import { planLowRank, type LowRankPlan } from './lowRankPlan.ts';
import type { TrainOptions, TrainResult } from './options.ts';
import { openTokenizer } from './openTokenizer.ts';
import { NetworkDevices, ParallelNetworks } from './parallelNetworks.ts';
import type { Piece } from './pieces.ts';
import { placeModel, type PlacedModel } from './placedModel.ts';
import { Teacher } from './teacher.ts';
import type { TrainListeners } from './trainListeners.ts';
import { modelFromFile, modelFromScratch, type TrainedModel } from './trainedModel.ts';
import { fingerprintOf } from './trainingFingerprint.ts';
import { holderFileOf, lockTraining, type TrainingLock } from './trainingLock.ts';
import { requireSequenceMemory, withinMemory, type TrainingSize } from './trainingMemory.ts';
import { runSteps, type Phase, type Reached } from './trainingSteps.ts';

/** After dense steps, factors are trained at a lower rate (arXiv 2209.13569). */
const RATE_SHARE_AFTER_DENSE = 0.5;

const weightTypes = { f32: 'F32', bf16: 'BF16', q8: 'Q8_0', q5: 'Q5_0', q4: 'Q4_0' } as const satisfies Record<
  TrainOptions['precision'],
  WeightType
>;

/** A training, ready for its steps. */
interface Training {
  readonly options: TrainOptions;
  readonly listeners: TrainListeners;
  readonly lock: TrainingLock;
  readonly model: TrainedModel;
  /** Patterns of the names of tensors that are not trained. */
  readonly freeze: readonly RegExp[];
  readonly phases: readonly Phase[];
  readonly devices: NetworkDevices;
  readonly size: TrainingSize;
  readonly checkpoints: Checkpoints;
  readonly fingerprint: string;
  readonly resumed: CheckpointState | undefined;
  readonly stream: BatchStream;
  readonly teacher: Teacher | undefined;
}

/**
 * Trains a model on texts and writes it as GGUF, with checkpoints. Native code runs in this process. Throws
 * `TroubleError`; the last checkpoint stays intact.
 */
export async function train(options: TrainOptions, listeners: TrainListeners = {}): Promise<TrainResult> {
  requireWholeBatches(options);
  const plotPath = lossPlotPath(options.outputPath);
  for (const written of [options.outputPath, plotPath])
    await refuseOverwriting(
      [options.modelPath, ...options.dataPaths, options.adapter?.from ?? [], options.teacher?.modelPath ?? []].flat(),
      written,
    );
  await using lock = await lockTraining(options.checkpointFolder);
  // The training's own output may lie among its data. It must not become data of the next run.
  const leftOut = [options.outputPath, plotPath, options.checkpointFolder, holderFileOf(options.checkpointFolder)];
  const corpus = listeners.texts
    ? corpusOf(listeners.texts)
    : await readCorpus(options.dataPaths, { maxFileBytes: options.maxFileBytes, leftOut });
  listeners.onNote?.(describeCorpus(corpus));
  const model = options.scratch
    ? await modelFromScratch(options.modelPath, options.scratch, options.sequenceTokens)
    : await modelFromFile(options.modelPath);
  const freeze = options.freeze.map((pattern) => new RegExp(pattern));
  if (options.teacher && !options.adapter)
    throw new TroubleError('invalid-input', 'A teacher teaches an adapter. --teacher needs --adapter.');
  requireRecomputable(options, model);
  const plan = planLowRank(model, options);
  const tokenizer = await openTokenizer(options, listeners.onNote);
  try {
    using devices = await NetworkDevices.open(options.device, {
      threads: options.threads,
      batches: options.batchSequences / options.microSequences,
    });
    const size = sizeOf(options, model, { plan, freeze, networks: devices.all.length });
    if (options.device === 'cpu') requireSequenceMemory(size, await availableMemoryBytes());
    const resumable = await openCheckpoints(options, model, corpus);
    const marks = { suffix: tokenizer.mark(options.fimSuffixMark), prefix: tokenizer.mark(options.fimPrefixMark) };
    const fimFormat = options.fimMarks === 'model' ? await tokenizer.fimFormat() : undefined;
    const streamOptions = { ...options, fimMarks: marks, fimFormat, weightOf: weightOfPieces(corpus) };
    const stream = new BatchStream(corpus.texts, tokenizer, streamOptions, resumable.resumed?.stream);
    const phases = phasesOf(options, plan);
    using teacher = options.teacher && (await Teacher.open(options.teacher, options));
    const prepared = { options, listeners, lock, model, freeze, phases, devices, size, stream, teacher };
    return await runPhases({ ...prepared, ...resumable });
  } finally {
    await tokenizer.dispose();
  }
}

function weightOfPieces({ parts }: Corpus): ((piece: Piece) => number) | undefined {
  return parts && (({ text, start, end }) => meanWeight(parts[text] ?? [], start, end));
}

function requireWholeBatches({ batchSequences, microSequences }: TrainOptions): void {
  if (batchSequences % microSequences !== 0)
    throw new TroubleError(
      'invalid-input',
      `A step of ${batchSequences} sequences can't be divided into batches of ${microSequences}.`,
    );
}

/** Blocks that are computed again must not add to the loss, nor take further random numbers. */
function requireRecomputable(
  { recompute, dropout }: TrainOptions,
  { hyperparameters, architecture }: TrainedModel,
): void {
  if (!recompute) return;
  const reason = dropout
    ? `--dropout ${dropout} would drop other values the second time`
    : hyperparameters.mixture || architecture.name === 'chorus'
      ? 'the routers of a mixture have a loss of their own'
      : undefined;
  if (reason !== undefined)
    throw new TroubleError('invalid-input', `Blocks can't be computed again, since ${reason}. Leave out --recompute.`);
}

function sizeOf(
  { sequenceTokens, microSequences }: TrainOptions,
  { hyperparameters, specs }: TrainedModel,
  {
    plan,
    freeze,
    networks,
  }: { readonly plan: LowRankPlan | undefined; readonly freeze: readonly RegExp[]; readonly networks: number },
): TrainingSize {
  const trained = plan?.isAdapter
    ? [...plan.ranks.keys()]
    : specs.map(({ name }) => name).filter((name) => !freeze.some((pattern) => pattern.test(name)));
  return { hyperparameters, trained, sequenceTokens, sequences: microSequences, networks };
}

/** Returns the checkpoints, and the state to resume from. */
async function openCheckpoints(
  options: TrainOptions,
  model: TrainedModel,
  corpus: Corpus,
): Promise<Pick<Training, 'checkpoints' | 'fingerprint' | 'resumed'>> {
  const checkpoints = new Checkpoints(options.checkpointFolder);
  const fingerprint = fingerprintOf(options, model, corpus);
  const { origin } = model;
  const resumed = options.resume
    ? await checkpoints.readState({ fingerprint, origin, totalSteps: options.schedule.totalSteps })
    : undefined;
  return { checkpoints, fingerprint, resumed };
}

async function runPhases(training: Training): Promise<TrainResult> {
  const { options, model, freeze, phases, devices, resumed } = training;
  let reached: Reached = { step: resumed?.step ?? 0, losses: resumed?.losses ?? [] };
  let values: ReadonlyMap<string, Float32Array> | undefined;
  for (const phase of phases) {
    // The checkpoint of a phase's last step belongs to that phase.
    if (reached.step > phase.lastStep && phase !== phases.at(-1)) continue;
    using placed = await placeModel(model, devices.all[0], {
      freeze,
      weightType: weightTypes[options.precision],
      networks: devices.all.length,
      plan: phase.plan,
      singleScaleNorm: options.singleScaleNorm,
    });
    await writeValues(training, phase, placed, values);
    reached = await runPhase(training, phase, placed, reached);
    if (reached.step < phase.lastStep) return reached;
    if (phase === phases.at(-1)) return { ...reached, ...(await writeResult(options, placed, reached.losses)) };
    const { all, device } = placed.parameters;
    values = new Map(all.map(({ spec, master }) => [spec.name, readF32(device, master)]));
  }
  return reached;
}

/** Writes the weights that a phase begins with. `values`: the weights of the phase before. */
async function writeValues(
  { options: { seed, lowRank, adapter }, checkpoints, resumed }: Training,
  phase: Phase,
  placed: PlacedModel,
  values: ReadonlyMap<string, Float32Array> | undefined,
): Promise<void> {
  if (resumed && (resumed.step > phase.stepsBefore || phase.stepsBefore === 0))
    await checkpoints.readTensors(resumed, placed.parameters);
  else {
    await writeInitialValues(placed, { seed, init: lowRank?.init, values });
    if (adapter?.from !== undefined) await writeAdapterStart(placed, adapter.from);
  }
}

async function runPhase(training: Training, phase: Phase, placed: PlacedModel, reached: Reached): Promise<Reached> {
  const { options, listeners, lock, model, phases, devices, size, checkpoints, fingerprint, stream, teacher } =
    training;
  const { parameters } = placed;
  using optimiser = new AdamW(parameters, { ...options.optimiser, factorDecay: options.lowRank?.decay }, devices.all);
  await optimiser.refresh();
  const networkOptions = networkOptionsOf(options, placed);
  using networks = withinMemory(size, () => new ParallelNetworks(networkOptions, devices.all));
  // Only after all checks, so that a refused training loses nothing.
  if (!options.resume && phase === phases[0]) await checkpoints.clear();
  listeners.onNote?.(describeTraining(placed, networks, reached));
  const idle = describeIdleRouters(placed);
  if (idle && phase === phases[0]) listeners.onNote?.(idle);
  const save = async (state: Reached): Promise<void> => {
    lock.requireHeld();
    await checkpoints.save({ ...state, stream: stream.state, fingerprint, origin: model.origin }, parameters);
  };
  return await runSteps({ options, listeners, phase, optimiser, networks, stream, teacher, reached, save });
}

function networkOptionsOf(
  {
    microSequences,
    batchSequences,
    sequenceTokens,
    recompute,
    teacher,
    dropout,
    outlierLoss,
    routerLoss,
  }: TrainOptions,
  { model, parameters, constant, transposes, lowRank, mixture }: PlacedModel,
): ParallelNetworks['options'] {
  return {
    architecture: model.architecture,
    hyperparameters: model.hyperparameters,
    parameters,
    frozen: constant,
    transposes,
    lowRank,
    mixture,
    sequences: microSequences,
    sequenceTokens,
    recompute,
    targets: teacher?.targets,
    dropout,
    outlierLoss: ((outlierLoss ?? 0) * microSequences) / batchSequences,
    routerLoss: {
      balance: (routerLoss.balance * microSequences) / batchSequences,
      z: (routerLoss.z * microSequences) / batchSequences,
    },
  };
}

/** A single phase, or first the dense steps and then the rest at half the rate. */
function phasesOf(
  { lowRank, schedule: { totalSteps } }: TrainOptions,
  plan: LowRankPlan | undefined,
): readonly Phase[] {
  const denseSteps = lowRank?.denseSteps ?? 0;
  if (denseSteps === 0) return [{ stepsBefore: 0, lastStep: totalSteps, rateShare: 1, plan }];
  return [
    { stepsBefore: 0, lastStep: denseSteps, rateShare: 1, plan: undefined },
    { stepsBefore: denseSteps, lastStep: totalSteps, rateShare: RATE_SHARE_AFTER_DENSE, plan },
  ];
}

async function writeResult(
  { outputPath, export: kind, adapter }: TrainOptions,
  placed: PlacedModel,
  losses: readonly number[],
): Promise<{ outputPath: string; plotPath: string }> {
  if (kind === 'adapter') await exportAdapter(outputPath, placed, adapter ?? {});
  else await exportModel(outputPath, placed);
  const plotPath = lossPlotPath(outputPath);
  await writeFile(plotPath, lossPlot(losses));
  return { outputPath, plotPath };
}
