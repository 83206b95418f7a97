import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { readF32 } from '../../../kernels/ggml/transfer.ts';
import { AdamW } from '../../../kernels/training/optimiser/adamW.ts';
import type { WeightType } from '../../../kernels/training/optimiser/parameters.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { refuseOverwriting } from '../../models/gguf/overwriting.ts';
import { availableMemoryBytes } from '../../models/availableMemory.ts';
import { BatchStream } from './batchStream.ts';
import { Checkpoints } from './checkpoints.ts';
import { readCorpus, type Corpus } from './corpus.ts';
import { exportModel } from './exportModel.ts';
import { writeInitialValues } from './initialValues.ts';
import { lossPlot, lossPlotPath } from './lossPlot.ts';
import { planLowRank, type LowRankPlan } from './lowRankPlan.ts';
import type { TrainOptions, TrainResult } from './options.ts';
import { openTokenizer } from './openTokenizer.ts';
import { NetworkDevices, ParallelNetworks } from './parallelNetworks.ts';
import { placeModel, type PlacedModel } from './placedModel.ts';
import type { TrainListeners } from './trainListeners.ts';
import { modelFromFile, modelFromScratch, type TrainedModel } from './trainedModel.ts';
import { holderFileOf, lockTraining } from './trainingLock.ts';
import { requireSequenceMemory, withinMemory } from './trainingMemory.ts';
import { runSteps, type Phase, type Reached } from './trainingSteps.ts';

/** After dense steps, factors are trained at a lower rate (arXiv 2209.13569). */
const RATE_SHARE_AFTER_DENSE = 0.5;

/** Part of the fingerprint, since a training can't be resumed if sequences come in another order. */
const SEQUENCE_ORDER = 'pieces';

const weightTypes = { f32: 'F32', bf16: 'BF16', q8: 'Q8_0', q5: 'Q5_0', q4: 'Q4_0' } as const satisfies Record<
  TrainOptions['precision'],
  WeightType
>;

/**
 * Trains a model on texts and writes it as GGUF, with checkpoints. Native code runs in this process. Throws
 * `TroubleError`; the last checkpoint stays intact.
 */
export async function train(options: TrainOptions, listeners: TrainListeners = {}): Promise<TrainResult> {
  const { microSequences, batchSequences, sequenceTokens } = options;
  if (batchSequences % microSequences !== 0)
    throw new TroubleError(
      'invalid-input',
      `A step of ${batchSequences} sequences can't be divided into batches of ${microSequences}.`,
    );
  const plotPath = lossPlotPath(options.outputPath);
  for (const written of [options.outputPath, plotPath])
    await refuseOverwriting([options.modelPath, ...options.dataPaths], written);
  await using lock = await lockTraining(options.checkpointFolder);
  // The training's own output may lie among its data. It must not become data of the next run.
  const leftOut = [options.outputPath, plotPath, options.checkpointFolder, holderFileOf(options.checkpointFolder)];
  const corpus = await readCorpus(options.dataPaths, { maxFileBytes: options.maxFileBytes, leftOut });
  listeners.onNote?.(describeCorpus(corpus));
  const model = options.scratch
    ? await modelFromScratch(options.modelPath, options.scratch, sequenceTokens)
    : await modelFromFile(options.modelPath);
  const freeze = options.freeze.map((pattern) => new RegExp(pattern));
  const plan = planLowRank(model, options);
  const phases = phasesOf(options, plan);
  const tokenizer = await openTokenizer(options, listeners.onNote);
  try {
    using devices = await NetworkDevices.open(options.device, {
      threads: options.threads,
      batches: batchSequences / microSequences,
    });
    const trained = plan?.isAdapter
      ? [...plan.ranks.keys()]
      : model.specs.map(({ name }) => name).filter((name) => !freeze.some((pattern) => pattern.test(name)));
    const size = {
      hyperparameters: model.hyperparameters,
      trained,
      sequenceTokens,
      sequences: microSequences,
      networks: devices.all.length,
    };
    if (options.device === 'cpu') requireSequenceMemory(size, await availableMemoryBytes());
    const checkpoints = new Checkpoints(options.checkpointFolder);
    const fingerprint = fingerprintOf(options, model, corpus);
    const { origin } = model;
    const resumed = options.resume
      ? await checkpoints.readState({ fingerprint, origin, totalSteps: options.schedule.totalSteps })
      : undefined;
    const marks = { suffix: tokenizer.mark(options.fimSuffixMark), prefix: tokenizer.mark(options.fimPrefixMark) };
    const stream = new BatchStream(corpus.texts, tokenizer, { ...options, fimMarks: marks }, resumed?.stream);
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
      const { parameters } = placed;
      if (resumed && (resumed.step > phase.stepsBefore || phase.stepsBefore === 0))
        await checkpoints.readTensors(resumed, parameters);
      else await writeInitialValues(placed, { seed: options.seed, init: options.lowRank?.init, values });
      using optimiser = new AdamW(
        parameters,
        { ...options.optimiser, factorDecay: options.lowRank?.decay },
        devices.all,
      );
      await optimiser.refresh();
      const networkOptions = {
        architecture: model.architecture,
        hyperparameters: model.hyperparameters,
        parameters,
        frozen: placed.constant,
        lowRank: placed.lowRank,
        sequences: microSequences,
        sequenceTokens,
        dropout: options.dropout,
        outlierLoss: ((options.outlierLoss ?? 0) * microSequences) / batchSequences,
        routerLoss: {
          balance: (options.routerLoss.balance * microSequences) / batchSequences,
          z: (options.routerLoss.z * microSequences) / batchSequences,
        },
      };
      using networks = withinMemory(size, () => new ParallelNetworks(networkOptions, devices.all));
      // Only after all checks, so that a refused training loses nothing.
      if (!options.resume && phase === phases[0]) await checkpoints.clear();
      listeners.onNote?.(describeTraining(placed, networks, reached));
      const idle = describeIdleRouters(placed);
      if (idle && phase === phases[0]) listeners.onNote?.(idle);
      const save = async (state: Reached): Promise<void> => {
        lock.requireHeld();
        await checkpoints.save({ ...state, stream: stream.state, fingerprint, origin }, parameters);
      };
      reached = await runSteps({ options, listeners, phase, optimiser, networks, stream, reached, save });
      if (reached.step < phase.lastStep) return reached;
      if (phase === phases.at(-1))
        return { ...reached, ...(await writeResult(options.outputPath, placed, reached.losses)) };
      values = new Map(parameters.all.map(({ spec, master }) => [spec.name, readF32(parameters.device, master)]));
    }
    return reached;
  } finally {
    await tokenizer.dispose();
  }
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
  outputPath: string,
  placed: PlacedModel,
  losses: readonly number[],
): Promise<{ outputPath: string; plotPath: string }> {
  await exportModel(outputPath, placed);
  const plotPath = lossPlotPath(outputPath);
  await writeFile(plotPath, lossPlot(losses));
  return { outputPath, plotPath };
}

/**
 * A digest of all options that must stay the same to resume. The schedule may change, so that a training can be
 * extended.
 */
function fingerprintOf(options: TrainOptions, model: TrainedModel, corpus: Corpus): string {
  const {
    scratch,
    sequenceTokens,
    batchSequences,
    microSequences,
    precision,
    lowRank,
    adapter,
    freeze,
    optimiser,
    routerLoss,
    fimShare,
    fimLoss,
    fimSuffixMark,
    fimPrefixMark,
    seed,
  } = options;
  // Options with default values are left out, so that checkpoints from before these options stay usable.
  const [dropout, singleScaleNorm, outlierLoss] = [
    options.dropout || undefined,
    options.singleScaleNorm || undefined,
    options.outlierLoss || undefined,
  ];
  const fimWeight = options.fimWeight === 1 ? undefined : options.fimWeight;
  const same = {
    dropout,
    singleScaleNorm,
    outlierLoss,
    scratch,
    sequenceTokens,
    batchSequences,
    microSequences,
    precision,
    lowRank,
    adapter,
    freeze,
    optimiser,
    routerLoss,
    fimShare,
    fimLoss,
    fimWeight,
    fimSuffixMark,
    fimPrefixMark,
    seed,
  };
  const weights = model.specs.map(({ name, extents }) => [name, ...extents]);
  return createHash('sha256')
    .update(JSON.stringify([model.architecture.name, weights, corpus.fingerprint, SEQUENCE_ORDER, same]))
    .digest('hex');
}

function describeCorpus({ texts, bytes, skipped }: Corpus): string {
  const left = Object.entries({
    binary: skipped.binary,
    'too large': skipped.overLarge,
    'the same as others': skipped.duplicate,
    empty: skipped.empty,
  });
  const out = left.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
  return `${texts.length} texts, ${(bytes / 1e6).toFixed(1)} MB${out.length > 0 ? `; left out: ${out.join(', ')}` : ''}`;
}

function describeTraining(
  { parameters, plan, model }: PlacedModel,
  { computeBytes }: ParallelNetworks,
  { step }: Reached,
): string {
  const weights = parameters.all.reduce((sum, { master }) => sum + master.elements, 0);
  const bytes = parameters.sizeBytes + computeBytes;
  const trained = `${(weights / 1e6).toFixed(1)} million weights are trained in ${(bytes / 1e9).toFixed(1)} GB${step > 0 ? `, from step ${step} on` : ''}`;
  return plan ? `${trained}; ${describePlan(plan, model)}` : trained;
}

/** Describes routers that can't learn: the gate of a single expert, divided by itself, has no derivative. */
function describeIdleRouters({ parameters, model: { hyperparameters } }: PlacedModel): string | undefined {
  const { mixture, attentionMixture } = hyperparameters;
  const idle = [
    { of: mixture, router: 'ffn_gate_inp', what: 'the feed-forward networks' },
    { of: attentionMixture, router: 'attn_gate_inp', what: 'attention' },
  ].filter(
    ({ of, router }) =>
      of?.expertsUsed === 1 &&
      (of.gateMode ?? 'renormalised') === 'renormalised' &&
      parameters.all.some(({ spec }) => spec.name.includes(router)),
  );
  if (idle.length === 0) return undefined;
  return `In ${idle.map(({ what }) => what).join(' and ')} a single expert runs per token, and its gate is always 1. So the routers learn to balance the load, but nothing from the text. Use chorus upcycle with --gate-mode scaled, or let more experts run.`;
}

function describePlan({ ranks, isAdapter }: LowRankPlan, { specs }: TrainedModel): string {
  const all = [...ranks.values()];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const whole = specs
    .filter(({ name }) => ranks.has(name))
    .reduce((sum, { extents }) => sum + (extents[0] as number) * (extents[1] as number), 0);
  const factors = specs.reduce(
    (sum, { name, extents }) => sum + (ranks.get(name) ?? 0) * ((extents[0] as number) + (extents[1] ?? 0)),
    0,
  );
  return `${ranks.size} matrices have ${isAdapter ? 'an adapter of ' : ''}rank ${least === most ? least : `${least} to ${most}`}: ${(factors / 1e6).toFixed(2)} million weights ${isAdapter ? 'beside' : 'instead of'} ${(whole / 1e6).toFixed(2)} million`;
}
