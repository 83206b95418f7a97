import type { Graph } from '../ggml/graph.ts';
import { copy, flashAttention, permute, reshape } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { cacheHeads } from './attendCache.ts';
import type { LayerCache } from './attentionInputs.ts';
import type { AttentionWeights } from './attention.ts';
import { linear } from './linear.ts';

export interface CrossAttentionOptions {
  readonly headSize: number;
  readonly heads: number;
  readonly scale: number;
}

/**
 * Attention of an encoder within `x[width, tokens]`, which keeps its shape. There is no mask: each token attends all.
 */
export function encoderAttention(
  graph: Graph,
  x: Tensor,
  weights: AttentionWeights,
  options: CrossAttentionOptions,
): Tensor {
  const { headSize, heads, scale } = options;
  const [, tokens] = x.shape;
  const project = (part: 'query' | 'key' | 'value'): Tensor =>
    permute(graph, reshape(graph, linear(graph, x, weights[part]), [headSize, heads, tokens]), [0, 2, 1, 3]);
  const attended = flashAttention(graph, { q: project('query'), k: project('key'), v: project('value') }, scale);
  return linear(graph, reshape(graph, attended, [headSize * heads, tokens]), weights.output);
}

/** Writes the keys and values of `encoded[width, rows]` into the first rows of a cache, for `crossAttention`. */
export function encodeCrossCache(
  graph: Graph,
  encoded: Tensor,
  { key, value }: Pick<AttentionWeights, 'key' | 'value'>,
  cache: LayerCache,
): void {
  graph.expand(copy(graph, linear(graph, encoded, key), cache.key));
  graph.expand(copy(graph, linear(graph, encoded, value), cache.value));
}

/**
 * Attention of a decoder to the encoder's output. `x[width, tokens]` keeps its shape. Each token attends the first
 * `rows` rows of the cache.
 */
export function crossAttention(
  graph: Graph,
  x: Tensor,
  { query, output }: Pick<AttentionWeights, 'query' | 'output'>,
  cache: LayerCache & { readonly rows: number },
  options: CrossAttentionOptions,
): Tensor {
  const { headSize, heads, scale } = options;
  const [, tokens] = x.shape;
  const q = permute(graph, reshape(graph, linear(graph, x, query), [headSize, heads, tokens]), [0, 2, 1, 3]);
  const k = cacheHeads(graph, cache.key, cache.rows, headSize, heads);
  const v = cacheHeads(graph, cache.value, cache.rows, headSize, heads);
  return linear(graph, reshape(graph, flashAttention(graph, { q, k, v }, scale), [headSize * heads, tokens]), output);
}
