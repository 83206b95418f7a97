import type { RouterLossOptions } from '../../../kernels/blocks/routerLoss.ts';
import type { AdamWOptions } from '../../../kernels/training/optimiser/adamWOptions.ts';
import type { ScheduleOptions } from '../../../kernels/training/optimiser/schedules.ts';
import type { DeviceChoice } from '../../protocol/client.ts';

/** Sizes of a network that begins with random weights. */
export interface ScratchSizes {
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForwardWidth: number;
}

/** Matrices of blocks as products of two factors (arXiv 2209.13569); the file that is written holds the products. */
export interface LowRankOptions {
  /** Below one the share of a matrix's smaller side that its rank is, else the rank. */
  readonly size: number;
  /** Of random weights; a model's weights are taken apart. */
  readonly init: 'he' | 'spectral' | 'spectral-ones';
  /** What the weight decay draws to zero: each factor, or the product. */
  readonly decay: 'l2' | 'frobenius';
  /** Steps with whole matrices, which are then taken apart and trained at half the rate. */
  readonly denseSteps: number;
}

/**
 * Factors beside the matrices of blocks, which stay as they are (LoRA, arXiv 2106.09685); the file that is written
 * holds the sums.
 */
interface AdapterOptions {
  readonly rank: number;
  /** The product of the factors counts alpha ⁄ rank. */
  readonly alpha: number;
}

/** All that a training is: the command line sends it to the process that trains, and checkpoints hold it. */
export interface TrainOptions {
  /** GGUF whose weights are trained further; with `scratch` the one that gives the tokenizer. */
  readonly modelPath: string;
  readonly scratch?: ScratchSizes;
  /** Files and folders of text. */
  readonly dataPaths: readonly string[];
  readonly maxFileBytes: number;
  /** GGUF that is written at the end. */
  readonly outputPath: string;
  /** Folder of this training's checkpoints. */
  readonly checkpointFolder: string;
  readonly checkpointSteps: number;
  /** Take up the last checkpoint, if there is one. */
  readonly resume: boolean;
  readonly sequenceTokens: number;
  /** Sequences of a step, and how many of them are computed at once. */
  readonly batchSequences: number;
  readonly microSequences: number;
  /**
   * Of products; 'q8' is 'bf16' with weights in Q8_0 where they are multiplied: faster on processors, and coarser. 'q5'
   * and 'q4' have those inside blocks in Q5_0 and Q4_0, and train the model that is written in these types afterwards.
   */
  readonly precision: 'f32' | 'bf16' | 'q8' | 'q5' | 'q4';
  /** Train matrices by factors in their place, or by an adapter beside them. */
  readonly lowRank?: LowRankOptions;
  readonly adapter?: AdapterOptions;
  /** Regular expressions over tensor names: these are not trained. */
  readonly freeze: readonly string[];
  readonly schedule: ScheduleOptions;
  readonly optimiser: AdamWOptions;
  /** Of embeddings and of what blocks' attention and networks add, this share is dropped at random. Default 0. */
  readonly dropout?: number;
  /** Norms have one gain for all values. */
  readonly singleScaleNorm?: boolean;
  /** Weight of a loss on magnitudes far out in the outputs of blocks. Default 0. */
  readonly outlierLoss?: number;
  /** Of mixtures of experts. */
  readonly routerLoss: RouterLossOptions;
  readonly fimShare: number;
  readonly fimLoss: 'all' | 'middle';
  /** What a token of a middle counts. Default 1. */
  readonly fimWeight?: number;
  /** Special tokens that stand before the suffix and before the prefix. */
  readonly fimSuffixMark?: string;
  readonly fimPrefixMark?: string;
  readonly seed: number;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  readonly threads: number;
}

/** How far a training is, once per step. */
export interface TrainProgress {
  readonly step: number;
  readonly totalSteps: number;
  /** Mean over what counts, by weight, in nats per token. */
  readonly loss: number;
  readonly rate: number;
  readonly gradientNorm: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
  readonly epoch: number;
}

export interface TrainResult {
  /** Steps that were done in all; fewer than wanted where it was stopped. */
  readonly step: number;
  readonly losses: readonly number[];
  /** Absent where it was stopped. */
  readonly outputPath?: string;
  readonly plotPath?: string;
}
