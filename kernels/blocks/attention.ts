import type { Graph } from '../ggml/graph.ts';
import { flashAttention, permute, reshape, setRows, view, type RopeOptions } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { linear, type LinearWeights } from './linear.ts';
import type { NormOptions, NormWeights } from './norm.ts';
import { projectHeads } from './projectHeads.ts';

export interface AttentionWeights {
  readonly query: LinearWeights;
  readonly key: LinearWeights;
  readonly value: LinearWeights;
  readonly output: LinearWeights;
  /** Per-head norms, `[headSize]` (Qwen 3) or `[headSize, heads]` (Command-R+). */
  readonly queryNorm?: NormWeights;
  readonly keyNorm?: NormWeights;
}

export interface AttentionOptions {
  readonly headSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Absent: this layer carries no position (NoPE). */
  readonly rope?: RopeOptions;
  readonly scale: number;
  /** Of the per-head norms. */
  readonly headNorm?: NormOptions;
}

/** One layer's cache: `key` and `value` are `[headSize · kvHeads, rows]`. */
export interface LayerCache {
  readonly key: Tensor;
  readonly value: Tensor;
}

/** What all layers of one evaluation share. */
export interface AttentionInputs {
  /** `[tokens]`, I32: logical positions. */
  readonly positions: Tensor;
  /** `[tokens]`, I64: the cache rows that the tokens' keys and values go to. */
  readonly rows: Tensor;
  /** `[attendedRows, tokens]`, F16: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  readonly attendedRows: number;
}

/** Grouped-query attention over the cache (arXiv 2305.13245): `x[width, tokens]` keeps its shape; writes the tokens' keys and values. */
export function attention(graph: Graph, x: Tensor, weights: AttentionWeights, cache: LayerCache, inputs: AttentionInputs, options: AttentionOptions): Tensor {
  const { headSize, heads, kvHeads } = options;
  const tokens = x.shape[1];
  const { query, key, value } = projectHeads(graph, x, weights, inputs.positions, options);

  graph.expand(setRows(graph, cache.key, reshape(graph, key, [headSize * kvHeads, tokens]), inputs.rows));
  graph.expand(setRows(graph, cache.value, value, inputs.rows));

  const attended = flashAttention(
    graph,
    {
      q: permute(graph, query, [0, 2, 1, 3]),
      k: cacheHeads(graph, cache.key, inputs.attendedRows, headSize, kvHeads),
      v: cacheHeads(graph, cache.value, inputs.attendedRows, headSize, kvHeads),
      mask: inputs.mask,
    },
    options.scale,
  );
  return linear(graph, reshape(graph, attended, [headSize * heads, tokens]), weights.output);
}

/** The first rows of a cache as `[headSize, rows, kvHeads]`. */
export function cacheHeads(graph: Graph, cache: Tensor, rows: number, headSize: number, kvHeads: number): Tensor {
  const rowStride = cache.strides[1];
  const headStride = rowStride / kvHeads;
  return view(graph, cache, [headSize, rows, kvHeads], { strides: [rowStride, headStride, rowStride * rows] });
}
