import type { Graph } from '../ggml/graph.ts';
import { flashAttention, permute, reshape, setRows, view, type RopeOptions } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { attendByHead, keysByHead, writeByHead } from './attendByHead.ts';
import type { Heads } from './projectHeads.ts';

/**
 * One layer's cache: row by row, `key` and `value` `[headSize · kvHeads, rows]`; or by head, `key[headSize, rows, kvHeads]` and `value[rows, headSize, kvHeads]`,
 * as products with them want it.
 */
export interface LayerCache {
  readonly key: Tensor;
  readonly value: Tensor;
  readonly isByHead?: boolean;
}

/** What all layers of one evaluation share. */
export interface AttentionInputs {
  /** `[tokens]`, I32: logical positions. */
  readonly positions: Tensor;
  /** `[tokens]`, I64: the cache rows that the tokens' keys and values go to. */
  readonly rows: Tensor;
  /** For caches by head: gives `[width · tokens]`, I64, where in a cache's values, `width` components a row, those of the tokens go. */
  readonly valueCells?: (width: number) => Tensor;
  /** `[attendedRows, tokens]`, F16: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  readonly attendedRows: number;
  /** Attends in another way than over the first rows of the block's cache. */
  readonly attend?: (graph: Graph, heads: Heads, options: AttendOptions) => Tensor;
  /** Is given each attention's queries and keys as the graph is built: whoever scores the rows of a cache looks at them. */
  readonly onQueries?: (queries: ObservedQueries) => void;
}

/** Queries of some tokens, and the keys that they attend. */
export interface ObservedQueries {
  /** `[headSize, heads, tokens]`, F32, rotated; the heads of one KV head stand side by side. */
  readonly query: Tensor;
  /** The same before they were rotated. */
  readonly unrotated: Tensor;
  /** `[headSize, rows, kvHeads]` */
  readonly key: Tensor;
  /** `[rows, tokens]`: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  /** Factor of the scores before the softmax. */
  readonly scale: number;
  /** How they were rotated; absent where this layer carries no position. */
  readonly rope?: RopeOptions;
  /** `[heads, tokens]`: how much a query counts, 1 on average; absent where all count the same. */
  readonly votes?: Tensor;
}

export interface AttendOptions {
  readonly headSize: number;
  readonly kvHeads: number;
  readonly scale: number;
  readonly rope?: RopeOptions;
  /** Makes `ObservedQueries.votes` where somebody looks. */
  readonly votes?: () => Tensor;
}

/** Writes the tokens' keys and values into the cache and attends it: `[headSize, heads, tokens]`. */
export function attendCache(graph: Graph, heads: Heads, cache: LayerCache, inputs: AttentionInputs, options: AttendOptions): Tensor {
  if (inputs.attend) return inputs.attend(graph, heads, options);
  const { query, unrotated, key, value } = heads;
  const { headSize, kvHeads, scale } = options;
  const { rows, mask, attendedRows } = inputs;
  if (cache.isByHead) writeByHead(graph, { key, value }, cache, inputs);
  else writeRows(graph, { key, value }, cache, rows);
  const k = cache.isByHead ? keysByHead(graph, cache.key, attendedRows) : cacheHeads(graph, cache.key, attendedRows, headSize, kvHeads);
  inputs.onQueries?.({ query, unrotated, key: k, mask, scale, rope: options.rope, votes: options.votes?.() });
  if (cache.isByHead) return attendByHead(graph, { query, mask }, cache, options);
  return flashAttention(graph, { q: permute(graph, query, [0, 2, 1, 3]), k, v: cacheHeads(graph, cache.value, attendedRows, headSize, kvHeads), mask }, scale);
}

/** Writes keys `[headSize, kvHeads, tokens]` and values `[headSize · kvHeads, tokens]` into the rows of a cache that is not by head. */
export function writeRows(graph: Graph, { key, value }: Pick<Heads, 'key' | 'value'>, cache: LayerCache, rows: Tensor): void {
  graph.expand(setRows(graph, cache.key, reshape(graph, key, [key.shape[0] * key.shape[1], key.shape[2]]), rows));
  graph.expand(setRows(graph, cache.value, value, rows));
}

/** The first rows of one of a cache's tensors, which is not by head, as `[headSize, rows, kvHeads]`. */
export function cacheHeads(graph: Graph, cache: Tensor, rows: number, headSize: number, kvHeads: number): Tensor {
  const rowStride = cache.strides[1];
  const headStride = rowStride / kvHeads;
  return view(graph, cache, [headSize, rows, kvHeads], { strides: [rowStride, headStride, rowStride * rows] });
}
