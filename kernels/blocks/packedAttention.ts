import type { Graph } from '../ggml/graph.ts';
import { cast, contiguous, mulMat, permute, reshape, rope, softMax } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { AttentionOptions, AttentionWeights } from './attention.ts';
import { linear } from './linear.ts';
import { norm } from './norm.ts';

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
}

/**
 * Grouped-query attention (arXiv 2305.13245) within each sequence, of operations that all have derivatives: `x[width, sequenceTokens · sequences]`
 * keeps its shape.
 */
export function packedAttention(graph: Graph, x: Tensor, weights: AttentionWeights, inputs: PackedInputs, options: AttentionOptions): Tensor {
  const { headSize, heads, kvHeads } = options;
  const { sequenceTokens, sequences, productType } = inputs;
  const tokens = sequenceTokens * sequences;
  const toHeads = (tensor: Tensor, count: number): Tensor => reshape(graph, tensor, [headSize, count, tokens]);
  const bySequence = (tensor: Tensor, count: number): Tensor => reshape(graph, tensor, [headSize, count, sequenceTokens, sequences]);
  const asMatrix = (tensor: Tensor): Tensor => (productType === 'F32' ? contiguous(graph, tensor) : cast(graph, tensor, productType));

  let query = toHeads(linear(graph, x, weights.query), heads);
  let key = toHeads(linear(graph, x, weights.key), kvHeads);
  const value = linear(graph, x, weights.value);
  if (options.headNorm && weights.queryNorm) query = norm(graph, query, weights.queryNorm, options.headNorm);
  if (options.headNorm && weights.keyNorm) key = norm(graph, key, weights.keyNorm, options.headNorm);
  if (options.rope) {
    query = rope(graph, query, inputs.positions, options.rope);
    key = rope(graph, key, inputs.positions, options.rope);
  }

  // [rows, tokens, heads, sequences]
  const scores = mulMat(graph, asMatrix(permute(graph, bySequence(key, kvHeads), [0, 2, 1, 3])), permute(graph, bySequence(query, heads), [0, 2, 1, 3]));
  const probabilities = softMax(graph, scores, inputs.mask, options.scale);
  // [headSize, tokens, heads, sequences]
  const attended = mulMat(graph, asMatrix(permute(graph, bySequence(value, kvHeads), [1, 2, 0, 3])), probabilities);
  const joined = contiguous(graph, permute(graph, attended, [0, 2, 1, 3]));
  return linear(graph, reshape(graph, joined, [headSize * heads, tokens]), weights.output);
}
