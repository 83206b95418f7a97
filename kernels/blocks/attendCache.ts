import type { Graph } from '../ggml/graph.ts';
import { permute, reshape, setRows, view, type RopeOptions } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { attendInTiles, attendTransposed, isTiled, valueHeads, writeTransposed } from './attendTransposed.ts';
import type { Heads } from './projectHeads.ts';

/**
 * One layer's cache. Rows lie one behind the other, `[headSize · kvHeads, rows]`, or head by head, `[headSize, rows, kvHeads]`, which the processor reads more
 * quickly.
 */
export interface LayerCache {
  readonly key: Tensor;
  readonly value: Tensor;
  /** Whether `value` is `[rows, headSize, kvHeads]`, as products with it want it. */
  readonly isValueTransposed?: boolean;
}

/** What all layers of one evaluation share. */
export interface AttentionInputs {
  /** `[tokens]`, I32: logical positions. */
  readonly positions: Tensor;
  /** `[tokens]`, I64: the cache rows that the tokens' keys and values go to. */
  readonly rows: Tensor;
  /** For transposed values. */
  readonly valueCells?: TransposedCells;
  /** `[attendedRows, tokens]`, F16: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  readonly attendedRows: number;
  /** The tokens are a sequence's first, `attendedRows` of them: they attend themselves alone. */
  readonly isFirst?: boolean;
  /** Attends in another way than over the first rows of the block's cache. */
  readonly attend?: (graph: Graph, heads: Heads, options: AttendOptions) => Tensor;
  /** Is given each attention's queries and keys as the graph is built: whoever scores the rows of a cache looks at them. */
  readonly onQueries?: (queries: ObservedQueries) => void;
}

/** Says where the tokens' values go in transposed caches. */
export interface TransposedCells {
  /** How many tokens' values of one component go to neighbouring places: 1, or more where the tokens begin and end on whole stretches of a cache's rows. */
  readonly stretch: number;
  /** `[width · tokens / stretch]`, I64: where in a cache's values, `width` components a row, the stretches go; those of the first component stand first. */
  readonly of: (width: number) => Tensor;
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
  const { query, unrotated } = heads;
  const { headSize, kvHeads, scale } = options;
  const { mask, attendedRows } = inputs;
  writeRows(graph, heads, cache, inputs);
  const k = cacheHeads(graph, cache.key, attendedRows, headSize, kvHeads);
  inputs.onQueries?.({ query, unrotated, key: k, mask, scale, rope: options.rope, votes: options.votes?.() });
  if (cache.isValueTransposed) {
    if (inputs.isFirst && isTiled(mask)) return attendInTiles(graph, { query, key: k, value: valueHeads(graph, heads, options), mask }, scale);
    return attendTransposed(graph, { query, key: k, value: cache.value, mask }, options);
  }
  return attendInTiles(graph, { query, key: k, value: cacheHeads(graph, cache.value, attendedRows, headSize, kvHeads), mask }, scale);
}

/** Writes keys `[headSize, kvHeads, tokens]` and values `[headSize · kvHeads, tokens]` into a cache's rows. Throws `ShapeError` where transposed values lack `valueCells`. */
export function writeRows(graph: Graph, { key, value }: Pick<Heads, 'key' | 'value'>, cache: LayerCache, inputs: Pick<AttentionInputs, 'rows' | 'valueCells'>): void {
  const [headSize, kvHeads, tokens] = key.shape;
  const write = (target: Tensor, source: Tensor): void => {
    const isByHead = target.shape[2] > 1;
    graph.expand(setRows(graph, target, isByHead ? permute(graph, reshape(graph, source, [headSize, kvHeads, tokens]), [0, 2, 1, 3]) : reshape(graph, source, [headSize * kvHeads, tokens]), inputs.rows));
  };
  write(cache.key, key);
  if (cache.isValueTransposed) writeTransposed(graph, value, cache.value, inputs);
  else write(cache.value, value);
}

/** Some rows of keys, or of values that are not transposed, as `[headSize, rows, kvHeads]`. */
export function cacheHeads(graph: Graph, cache: Tensor, rows: number, headSize: number, kvHeads: number, firstRow = 0): Tensor {
  const [, rowStride, stackStride] = cache.strides;
  const headStride = cache.shape[2] > 1 ? stackStride : rowStride / kvHeads;
  return view(graph, cache, [headSize, rows, kvHeads], { strides: [rowStride, headStride, Math.max(rowStride * rows, headStride * kvHeads)], offsetBytes: firstRow * rowStride });
}
