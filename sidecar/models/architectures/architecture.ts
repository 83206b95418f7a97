import type { AttentionInputs, LayerCache } from '../../../kernels/blocks/attentionInputs.ts';
import type { GateMode } from '../../../kernels/blocks/gates.ts';
import type { NormOptions } from '../../../kernels/blocks/norm.ts';
import type { PackedInputs } from '../../../kernels/blocks/packedAttention.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import type { RopeOptions } from '../../../kernels/ggml/opAttributes.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import type { Metadata } from './metadata.ts';
import type { WeightTable } from './weightTable.ts';

/** What a file's metadata says of the network's size and shape. */
export interface Hyperparameters {
  readonly blockCount: number;
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly feedForwardWidth: number;
  readonly vocabularySize: number;
  readonly trainContextTokens: number;
  readonly norm: NormOptions;
  readonly rope: Omit<RopeOptions, 'frequencyFactors'>;
  /** Logits are multiplied by this. */
  readonly logitScale: number;
  /** Absent in dense networks. */
  readonly mixture?: {
    readonly experts: number;
    readonly expertsUsed: number;
    readonly expertWidth: number;
    readonly gateMode?: GateMode;
  };
  /**
   * Absent where attention has no experts. `expertsUsed` of all count where there is a number; `cache`: all experts
   * share one, or each has its own.
   */
  readonly attentionMixture?: {
    readonly experts: number;
    readonly expertsUsed?: number;
    readonly gateMode?: GateMode;
    readonly cache: 'expert' | 'shared';
  };
  /** Of so many blocks the last has experts; every block where absent. */
  readonly expertInterval?: number;
  /**
   * Tokens that a sliding layer attends, itself included, and after how many layers one attends everything: none does
   * where that is 0.
   */
  readonly sliding?: { readonly windowTokens: number; readonly fullEvery: number };
}

/** A tensor that an architecture reads. */
export interface WeightSpec {
  readonly name: string;
  readonly extents: readonly number[];
  readonly optional?: boolean;
  /**
   * How it is used, which decides where it may live: 'matrix' and 'experts' may be repacked, 'embedding' is read by
   * row.
   */
  readonly use: 'matrix' | 'experts' | 'embedding' | 'vector';
}

/** What a block is built from. */
export interface BlockContext {
  readonly graph: Graph;
  readonly weights: WeightTable;
  readonly hyperparameters: Hyperparameters;
  readonly block: number;
  readonly cache: LayerCache;
  readonly inputs: AttentionInputs;
  /** In training: whole sequences. `cache` and `inputs` throw then. */
  readonly packed?: PackedInputs;
  /** `[k]`, I32: in the last block, the tokens whose logits are wanted. */
  readonly outputRows?: Tensor;
  /** Is given each norm's result, `[width, tokens or k]`, as the block is built. */
  readonly onNorm?: (name: string, normed: Tensor) => void;
}

/** One family of networks. Each file of this folder exports one, named after `general.architecture`. */
export interface Architecture {
  readonly name: string;
  /** Throws `TroubleError` 'invalid-model' for values that are missing or impossible. */
  readHyperparameters(metadata: Metadata): Hyperparameters;
  weights(hyperparameters: Hyperparameters): WeightSpec[];
  /** `x[width, tokens] → [width, tokens or k]`. */
  buildBlock(context: BlockContext, x: Tensor): Tensor;
}

/** Whether a block attends only a window of the last tokens. */
export function isSliding({ sliding }: Hyperparameters, block: number): boolean {
  return sliding !== undefined && (block + 1) % sliding.fullEvery !== 0;
}

/** Whether a block of a mixture has experts. */
export function hasExperts({ expertInterval = 1 }: Hyperparameters, block: number): boolean {
  return (block + 1) % expertInterval === 0;
}

/** Query heads of a block, those of all experts together. */
export function queryHeads(hyperparameters: Hyperparameters, block: number): number {
  const { heads, attentionMixture } = hyperparameters;
  return attentionMixture && hasExperts(hyperparameters, block) ? attentionMixture.experts * heads : heads;
}

/** Query heads of the block that has most. */
export function mostQueryHeads(hyperparameters: Hyperparameters): number {
  return Math.max(
    ...Array.from({ length: hyperparameters.blockCount }, (_, block) => queryHeads(hyperparameters, block)),
  );
}

/** Whether a block's gates weigh what its queries choose in a cache: its experts attend the same keys. */
export function isWeighedByGates(hyperparameters: Hyperparameters, block: number): boolean {
  return hyperparameters.attentionMixture?.cache === 'shared' && hasExperts(hyperparameters, block);
}

/** Key-value heads that a block's cache holds, those of all experts together. */
export function cachedHeads(hyperparameters: Hyperparameters, block: number): number {
  const { kvHeads, attentionMixture } = hyperparameters;
  return attentionMixture?.cache === 'expert' && hasExperts(hyperparameters, block)
    ? attentionMixture.experts * kvHeads
    : kvHeads;
}
