import type { AttentionInputs, LayerCache } from '../../../kernels/blocks/attentionInputs.ts';
import type { StateStep } from '../../../kernels/blocks/blockState.ts';
import type { GateMode, ScoreKind } from '../../../kernels/blocks/gates.ts';
import type { ExpertActivation } from '../../../kernels/blocks/mixtureOfExperts.ts';
import type { NormOptions } from '../../../kernels/blocks/norm.ts';
import type { PackedInputs } from '../../../kernels/blocks/packedAttention.ts';
import type { TemperatureOptions } from '../../../kernels/blocks/projectHeads.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import type { RopeOptions } from '../../../kernels/ggml/opAttributes.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import type { Metadata } from './metadata.ts';
import type { WeightTable } from './weightTable.ts';

/** The size and shape of a network, as a file's metadata gives them. */
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
  /** The factor of the logits. */
  readonly logitScale: number;
  /** The factor of attention scores. Absent: 1/√`headSize`. */
  readonly attentionScale?: number;
  /** Absent: queries do not grow with their position. */
  readonly temperature?: TemperatureOptions;
  /** The factor of the embeddings. Absent: 1. */
  readonly embeddingScale?: number;
  /** The factor of the results of attention and feed-forward before they are added. Absent: 1. */
  readonly residualScale?: number;
  /** Absent in dense networks. */
  readonly mixture?: {
    readonly experts: number;
    readonly expertsUsed: number;
    readonly expertWidth: number;
    readonly gateMode?: GateMode;
    /** Absent: 'softmax'. */
    readonly score?: ScoreKind;
    /** The factor of the gates. Absent: 1. */
    readonly gateScale?: number;
    /** Absent: 'silu'. */
    readonly activation?: ExpertActivation;
    /** The width of the expert that every token uses. Absent: there is none. */
    readonly sharedWidth?: number;
    /** The number of first blocks without experts. Absent: 0. */
    readonly denseBlocks?: number;
  };
  /**
   * Absent if attention has no experts. `expertsUsed`: how many experts count; all if absent. `cache`: all experts
   * share a cache, or each has its own.
   */
  readonly attentionMixture?: {
    readonly experts: number;
    readonly expertsUsed?: number;
    readonly gateMode?: GateMode;
    readonly cache: 'expert' | 'shared';
  };
  /** Only the last of each `expertInterval` blocks has experts. Absent: every block has. */
  readonly expertInterval?: number;
  /**
   * The window of a sliding layer in tokens, including the token itself. Every `fullEvery`-th layer attends everything;
   * 0: no layer does. `rope`: that of sliding layers, where it differs from that of other layers.
   */
  readonly sliding?: {
    readonly windowTokens: number;
    readonly fullEvery: number;
    readonly rope?: Hyperparameters['rope'];
  };
  /** Whether no block rotates queries and keys. Absent: some do. */
  readonly isUnrotated?: boolean;
  /** Absent if all blocks attend. */
  readonly recurrent?: RecurrentSizes;
}

/** The sizes of blocks that keep a state in place of keys and values. */
export interface RecurrentSizes {
  /** For each block whether it is recurrent. */
  readonly blocks: readonly boolean[];
  /** The number of tokens that a convolution sees. */
  readonly convolutionTokens: number;
  readonly channels: number;
  readonly stateSize: number;
  readonly headSize: number;
  readonly heads: number;
  /** The number of groups of heads that share inputs and outputs of the state. */
  readonly groups: number;
}

/** A tensor that an architecture reads. */
export interface WeightSpec {
  readonly name: string;
  readonly extents: readonly number[];
  readonly optional?: boolean;
  /** The use, which decides the layout: 'matrix' and 'experts' may be repacked, 'embedding' is read by row. */
  readonly use: 'matrix' | 'experts' | 'embedding' | 'vector';
}

/** The inputs for building a block. */
export interface BlockContext {
  readonly graph: Graph;
  readonly weights: WeightTable;
  readonly hyperparameters: Hyperparameters;
  readonly block: number;
  /** Of a block that attends. */
  readonly cache: LayerCache;
  readonly inputs: AttentionInputs;
  /** Of a recurrent block. */
  readonly state?: StateStep | undefined;
  /** In training: whole sequences. Then `cache` and `inputs` throw. */
  readonly packed?: PackedInputs;
  /** `[k]`, I32: the tokens whose logits are wanted. Only in the last block. */
  readonly outputRows?: Tensor;
  /** Receives the result of each norm, `[width, tokens or k]`, while the block is built. */
  readonly onNorm?: (name: string, normed: Tensor) => void;
}

/** A family of networks. Each file of this folder exports an architecture, named after `general.architecture`. */
export interface Architecture {
  readonly name: string;
  /** Throws `TroubleError` 'invalid-model' for missing or impossible values. */
  readHyperparameters(metadata: Metadata): Hyperparameters;
  weights(hyperparameters: Hyperparameters): WeightSpec[];
  /** `x[width, tokens] → [width, tokens or k]`. */
  buildBlock(context: BlockContext, x: Tensor): Tensor;
}

/** Whether a block attends only a window of the last tokens. */
export function isSliding({ sliding }: Hyperparameters, block: number): boolean {
  return sliding !== undefined && (block + 1) % sliding.fullEvery !== 0;
}

/** Whether a block keeps a state in place of keys and values. */
export function isRecurrent({ recurrent }: Hyperparameters, block: number): boolean {
  return recurrent?.blocks[block] === true;
}

/** The bytes of the states of one sequence: for each recurrent block convolution and memory. */
export function stateBytes({ recurrent }: Hyperparameters): number {
  if (!recurrent) return 0;
  const { blocks, convolutionTokens, channels, stateSize, headSize, heads } = recurrent;
  const values = (convolutionTokens - 1) * channels + stateSize * headSize * heads;
  return 4 * values * blocks.filter((isOne) => isOne).length;
}

/** The rope of a block. */
export function ropeOf(hyperparameters: Hyperparameters, block: number): Hyperparameters['rope'] {
  const { rope, sliding } = hyperparameters;
  return (isSliding(hyperparameters, block) ? sliding?.rope : undefined) ?? rope;
}

/** The factor of attention scores. */
export function attentionScale({ attentionScale: factor, headSize }: Hyperparameters): number {
  return factor ?? 1 / Math.sqrt(headSize);
}

/** Whether a block of a mixture has experts. */
export function hasExperts({ expertInterval = 1, mixture }: Hyperparameters, block: number): boolean {
  return (block + 1) % expertInterval === 0 && block >= (mixture?.denseBlocks ?? 0);
}

/** The number of a block's query heads, over all experts. */
export function queryHeads(hyperparameters: Hyperparameters, block: number): number {
  const { heads, attentionMixture } = hyperparameters;
  return attentionMixture && hasExperts(hyperparameters, block) ? attentionMixture.experts * heads : heads;
}

/** The largest number of query heads in a block. */
export function mostQueryHeads(hyperparameters: Hyperparameters): number {
  return Math.max(
    ...Array.from({ length: hyperparameters.blockCount }, (_, block) => queryHeads(hyperparameters, block)),
  );
}

/** Whether a block's gates weight the votes of its queries for cache rows: its experts share a cache. */
export function isWeighedByGates(hyperparameters: Hyperparameters, block: number): boolean {
  return hyperparameters.attentionMixture?.cache === 'shared' && hasExperts(hyperparameters, block);
}

/** The number of key-value heads in a block's cache, over all experts. */
export function cachedHeads(hyperparameters: Hyperparameters, block: number): number {
  const { kvHeads, attentionMixture } = hyperparameters;
  return attentionMixture?.cache === 'expert' && hasExperts(hyperparameters, block)
    ? attentionMixture.experts * kvHeads
    : kvHeads;
}
