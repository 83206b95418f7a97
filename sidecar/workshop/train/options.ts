import type { RouterLossOptions } from '../../../kernels/blocks/routerLoss.ts';
import type { AdamWOptions } from '../../../kernels/training/optimiser/adamWOptions.ts';
import type { ScheduleOptions } from '../../../kernels/training/optimiser/schedules.ts';
import type { DeviceChoice } from '../../protocol/client.ts';
import type { Purpose } from '../../protocol/engine.ts';

/** The sizes of a network with random weights. */
export interface ScratchSizes {
  readonly width: number;
  readonly blocks: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForwardWidth: number;
}

/** Matrices of blocks as products of two factors (arXiv 2209.13569). The written file contains the products. */
export interface LowRankOptions {
  /** A value below 1 is the rank as a share of a matrix's smaller side; otherwise it is the rank. */
  readonly size: number;
  /** The initialisation with random weights. For a given model, factors are computed from its weights. */
  readonly init: 'he' | 'spectral' | 'spectral-ones';
  /** Whether weight decay acts on each factor or on the product. */
  readonly decay: 'l2' | 'frobenius';
  /** Steps with whole matrices. Afterwards these are decomposed and trained at half the rate. */
  readonly denseSteps: number;
}

/** Factors that are added to frozen matrices of blocks (LoRA, arXiv 2106.09685). */
export interface AdapterOptions {
  /** Of each expert, if there are experts. */
  readonly rank: number;
  /**
   * How many experts are trained together with their routers, by soft gates. Absent: a single adapter without a router.
   */
  readonly experts?: number;
  /** The product of the factors is scaled by alpha ⁄ rank. */
  readonly alpha: number;
  /** An adapter file with the factors to begin with. Absent: an adapter without effect. */
  readonly from?: string;
  /** The requests that the exported adapter counts for. Absent: all. */
  readonly purpose?: Purpose;
}

/** All options of a training. The command line sends them to the training process, and checkpoints contain them. */
export interface TrainOptions {
  /** The GGUF file with the weights to train. With `scratch` it gives only the tokenizer. */
  readonly modelPath: string;
  readonly scratch?: ScratchSizes;
  /** Files and folders of text. */
  readonly dataPaths: readonly string[];
  readonly maxFileBytes: number;
  /** The GGUF file that is written at the end. */
  readonly outputPath: string;
  /** The folder of this training's checkpoints. */
  readonly checkpointFolder: string;
  readonly checkpointSteps: number;
  /** Whether to resume from the last checkpoint, if there is one. */
  readonly resume: boolean;
  readonly sequenceTokens: number;
  /** The sequences of a step, and how many of them are computed at once. */
  readonly batchSequences: number;
  readonly microSequences: number;
  /**
   * The precision of matrix products. The value 'q8' is 'bf16' with weights in Q8_0: faster on processors, but coarser.
   * Values 'q5' and 'q4' round matrices inside blocks to Q5_0 and Q4_0, for models that are later written in these
   * types.
   */
  readonly precision: 'f32' | 'bf16' | 'q8' | 'q5' | 'q4';
  /** Whether blocks are computed again for their gradients, which takes less memory and more time. Default: false. */
  readonly recompute?: boolean;
  /** Train factors in place of matrices, or an adapter in addition to them. */
  readonly lowRank?: LowRankOptions;
  readonly adapter?: AdapterOptions;
  /** With an adapter: whether to write the model with the factors added, or the factors alone. Default: merged. */
  readonly export?: 'merged' | 'adapter';
  /** Regular expressions for the names of tensors that are not trained. */
  readonly freeze: readonly string[];
  readonly schedule: ScheduleOptions;
  readonly optimiser: AdamWOptions;
  /** The dropout share in embeddings and in the outputs of attention and feed-forward. Default: 0. */
  readonly dropout?: number;
  /** Norms have a single gain for all values. */
  readonly singleScaleNorm?: boolean;
  /** The weight of the loss on outliers in the outputs of blocks. Default: 0. */
  readonly outlierLoss?: number;
  /** The router loss in mixtures of experts. */
  readonly routerLoss: RouterLossOptions;
  /** A GGUF whose probabilities are learnt in place of single tokens, and how many of each row. Needs an adapter. */
  readonly teacher?: { readonly modelPath: string; readonly targets: number };
  readonly fimShare: number;
  readonly fimLoss: 'all' | 'middle';
  /** The weight of a token in a middle. Default: 1. */
  readonly fimWeight?: number;
  /** Whether gaps are filled in the format that the model was trained with. Default: 'none', with the marks below. */
  readonly fimMarks?: 'model' | 'none';
  /** The special tokens before the suffix and before the prefix. */
  readonly fimSuffixMark?: string;
  readonly fimPrefixMark?: string;
  readonly seed: number;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  readonly threads: number;
}

/** The progress of a training, once per step. */
export interface TrainProgress {
  readonly step: number;
  readonly totalSteps: number;
  /** The weighted mean over tokens, in nats per token. */
  readonly loss: number;
  readonly rate: number;
  readonly gradientNorm: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
  readonly epoch: number;
}

export interface TrainResult {
  /** The total number of finished steps, fewer than wanted if the training was stopped. */
  readonly step: number;
  readonly losses: readonly number[];
  /** Absent if the training was stopped. */
  readonly outputPath?: string;
  readonly plotPath?: string;
}
