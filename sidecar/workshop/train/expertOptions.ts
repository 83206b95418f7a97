import { defaultAdamW } from '../../../kernels/training/optimiser/adamWOptions.ts';
import type { TrainOptions } from './options.ts';

/** The training of a workspace's expert. */
export interface ExpertTraining {
  readonly modelPath: string;
  /** The expert to continue with. Absent: a new expert begins. */
  readonly continueFrom?: string;
  /** The adapter file that is written at the end. */
  readonly outputFile: string;
  /** The folder of checkpoints. */
  readonly trainingFolder: string;
  readonly maxTokens: number;
  /** Whether the model was trained to fill gaps, with marks of its own. */
  readonly hasFillMarks: boolean;
  readonly threads: number;
  readonly seed: number;
}

/** The rank of a workspace's expert. */
export const EXPERT_RANK = 16;
const SEQUENCE_TOKENS = 512;
const PEAK_RATE = 3e-4;
/** The share of pieces with a gap to fill. */
const FILL_SHARE = 0.7;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_WARM_UP_STEPS = 10;
/** The tokens between two checkpoints: about a minute on two cores. */
const CHECKPOINT_TOKENS = 2_048;

/** Returns how a workspace's expert is trained. */
export function expertOptions(training: ExpertTraining): TrainOptions {
  const { modelPath, outputFile, trainingFolder, maxTokens, threads, seed } = training;
  const stepTokens = threads * SEQUENCE_TOKENS;
  const totalSteps = Math.max(1, Math.round(maxTokens / stepTokens));
  return {
    modelPath,
    // The client gives the texts, as it read them.
    dataPaths: [],
    maxFileBytes: MAX_FILE_BYTES,
    outputPath: outputFile,
    checkpointFolder: trainingFolder,
    checkpointSteps: Math.max(1, Math.round(CHECKPOINT_TOKENS / stepTokens)),
    resume: true,
    sequenceTokens: SEQUENCE_TOKENS,
    batchSequences: threads,
    microSequences: 1,
    precision: 'bf16',
    // A laptop has other work for its memory.
    recompute: true,
    adapter: { rank: EXPERT_RANK, alpha: 2 * EXPERT_RANK, from: training.continueFrom, purpose: 'completion' },
    export: 'adapter',
    freeze: [],
    schedule: {
      kind: 'cosine',
      peakRate: PEAK_RATE,
      floorShare: 0.1,
      warmUpSteps: Math.min(MAX_WARM_UP_STEPS, totalSteps >> 2),
      totalSteps,
      decayShare: 0.2,
    },
    optimiser: defaultAdamW,
    routerLoss: { balance: 0, z: 0 },
    fimShare: FILL_SHARE,
    fimLoss: 'all',
    fimMarks: training.hasFillMarks ? 'model' : 'none',
    seed,
    device: 'cpu',
    threads,
  };
}

/** Returns how many tokens a training reads. */
export function trainedTokens({ schedule, batchSequences, sequenceTokens }: TrainOptions): number {
  return schedule.totalSteps * batchSequences * sequenceTokens;
}
