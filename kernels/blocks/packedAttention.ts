import type { Graph } from '../ggml/graph.ts';
import { cast, contiguous, mulMat, permute, reshape, softMax } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { AttentionOptions, AttentionWeights } from './attention.ts';
import type { RouterLossOptions } from './routerLoss.ts';
import { linear } from './linear.ts';
import { projectHeads } from './projectHeads.ts';

/** Whole sequences side by side, as training has them: nothing is cached. */
export interface PackedInputs {
  /** `[sequenceTokens · sequences]`, I32. */
  readonly positions: Tensor;
  /** `[sequenceTokens, sequenceTokens, 1, sequences]`, F32: 0 where a token (second dimension) attends another, −∞ elsewhere. */
  readonly mask: Tensor;
  readonly sequenceTokens: number;
  readonly sequences: number;
  /** Type in which keys and values are multiplied. */
  readonly productType: 'F32' | 'BF16';
  /** Takes what blocks add to the loss, each one value. */
  readonly onLoss?: (loss: Tensor) => void;
  /** Of routers; absent: none. */
  readonly routerLoss?: RouterLossOptions;
}

/**
 * Grouped-query attention (arXiv 2305.13245) within each sequence, of operations that all have derivatives: `x[width, sequenceTokens · sequences]`
 * keeps its shape.
 */
export function packedAttention(graph: Graph, x: Tensor, weights: AttentionWeights, inputs: PackedInputs, options: AttentionOptions): Tensor {
  const { headSize, heads, kvHeads } = options;
  const tokens = x.shape[1];
  const { query, key, value } = projectHeads(graph, x, weights, inputs.positions, options);

  const attended = attendPacked(graph, { query, key, value: reshape(graph, value, [headSize, kvHeads, tokens]) }, inputs, options.scale);
  return linear(graph, reshape(graph, attended, [headSize * heads, tokens]), weights.output);
}

/** `query[headSize, heads, tokens], key, value[headSize, kvHeads, tokens] → [headSize, heads, tokens]`, within each sequence. */
export function attendPacked(graph: Graph, tensors: { query: Tensor; key: Tensor; value: Tensor }, inputs: PackedInputs, factor: number): Tensor {
  const { sequenceTokens, sequences, productType } = inputs;
  const bySequence = ({ shape }: Tensor): readonly number[] => [shape[0], shape[1], sequenceTokens, sequences];
  const [query, key, value] = [tensors.query, tensors.key, tensors.value].map((tensor) => reshape(graph, tensor, bySequence(tensor))) as [Tensor, Tensor, Tensor];
  const asMatrix = (tensor: Tensor): Tensor => (productType === 'F32' ? contiguous(graph, tensor) : cast(graph, tensor, productType));
  // [rows, tokens, heads, sequences]
  const scores = mulMat(graph, asMatrix(permute(graph, key, [0, 2, 1, 3])), permute(graph, query, [0, 2, 1, 3]));
  const probabilities = softMax(graph, scores, inputs.mask, factor);
  // [headSize, tokens, heads, sequences]
  const attended = mulMat(graph, asMatrix(permute(graph, value, [1, 2, 0, 3])), probabilities);
  return reshape(graph, contiguous(graph, permute(graph, attended, [0, 2, 1, 3])), tensors.query.shape);
}
