import { performance } from 'node:perf_hooks';
import { NonFiniteGradientError, type AdamW } from '../../../kernels/training/optimiser/adamW.ts';
import { learningRate } from '../../../kernels/training/optimiser/schedules.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { BatchStream, PackedSequence } from './batchStream.ts';
import { seedOf } from './dropout.ts';
import type { LowRankPlan } from './lowRankPlan.ts';
import type { TrainOptions } from './options.ts';
import type { ParallelNetworks } from './parallelNetworks.ts';
import type { Teacher } from './teacher.ts';
import type { TrainListeners } from './trainListeners.ts';

/** The number of steps over which the speed is averaged. */
const SPEED_STEPS = 10;

/** Steps with the same parameters. */
export interface Phase {
  readonly stepsBefore: number;
  readonly lastStep: number;
  /** A share of the schedule's rate. */
  readonly rateShare: number;
  readonly plan: LowRankPlan | undefined;
}

/** The state reached by a training. */
export interface Reached {
  readonly step: number;
  readonly losses: readonly number[];
}

export interface Running {
  readonly options: TrainOptions;
  readonly listeners: TrainListeners;
  readonly phase: Phase;
  readonly optimiser: AdamW;
  readonly networks: ParallelNetworks;
  readonly stream: BatchStream;
  readonly teacher?: Pick<Teacher, 'teach'>;
  readonly reached: Reached;
  /** Writes a checkpoint. */
  readonly save: (reached: Reached) => Promise<void>;
}

/** Runs the remaining steps of a phase, until it is stopped. The last step gets a checkpoint. Throws `TroubleError`. */
export async function runSteps(running: Running): Promise<Reached> {
  const { options, listeners, phase, stream } = running;
  const { schedule, batchSequences, sequenceTokens, checkpointSteps } = options;
  const losses = [...running.reached.losses];
  const times = [performance.now()];
  let { step } = running.reached;
  let saved = step;
  const save = async (): Promise<void> => {
    await running.save({ step, losses });
    saved = step;
  };
  while (step < phase.lastStep && !listeners.signal?.aborted) {
    const rate = phase.rateShare * learningRate(step + 1, schedule);
    const { loss, gradientNorm } = await trainStep(running, { step: step + 1, rate, saved });
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
  return { step, losses };
}

/** `saved` is the step of the last checkpoint. */
async function trainStep(
  { options, phase, optimiser, networks, stream, teacher }: Running,
  { step, rate, saved }: { readonly step: number; readonly rate: number; readonly saved: number },
): Promise<{ loss: number; gradientNorm: number }> {
  const sequences: PackedSequence[] = [];
  while (sequences.length < options.batchSequences) {
    const sequence = stream.next();
    sequences.push(teacher ? { ...sequence, targets: await teacher.teach(sequence) } : sequence);
  }
  const counted = sequences.reduce((sum, { weights }) => sum + weights.reduce((all, weight) => all + weight, 0), 0);
  networks.options.parameters.clearGradients();
  const loss = await networks.accumulate(sequences, counted > 0 ? counted : 1, seedOf(options.seed, step));
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
  try {
    // Moments start at zero in each phase.
    const { gradientNorm } = await optimiser.step(step - phase.stepsBefore, rate);
    return { loss, gradientNorm };
  } catch (error) {
    if (error instanceof NonFiniteGradientError) throw diverged(error.message, error);
    throw error;
  }
}
