import { ShapeError } from '../ggml/errors.ts';
import type { Graph } from '../ggml/graph.ts';
import { contiguous, flashAttention, mulMat, permute, reshape, setRows, softMax, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { AttendOptions, AttentionInputs } from './attendCache.ts';

/** More tokens than this are quicker in ggml's tiles, which want values row by row, and hold no scores. */
export const MAX_PRODUCT_TOKENS = 63;

/** Writes values `[width, tokens]` into a transposed cache. Throws `ShapeError` where the inputs don't say where to. */
export function writeTransposed(graph: Graph, value: Tensor, cache: Tensor, { valueCells }: Pick<AttentionInputs, 'valueCells'>): void {
  const [width, tokens] = value.shape;
  if (!valueCells) throw new ShapeError(`Values for ${cache.toString()} need inputs with valueCells.`);
  graph.expand(setRows(graph, reshape(graph, cache, [1, cache.elements]), reshape(graph, value, [1, width * tokens]), valueCells(width)));
}

/**
 * Attends `key[headSize, rows, kvHeads]` and the first rows of a transposed cache of values: `query[headSize, heads, tokens], mask[rows, tokens] → [headSize, heads,
 * tokens]`. For a few tokens the queries of a KV head's whole group are multiplied by its keys at once, `[headSize, tokens · group, kvHeads]`, so that keys and values
 * are read once a group; flash attention on the processor reads them once for each query head and token.
 */
export function attendTransposed(graph: Graph, { query, key, value, mask }: Readonly<Record<'query' | 'key' | 'value' | 'mask', Tensor>>, { headSize, kvHeads, scale }: AttendOptions): Tensor {
  const [, heads, tokens] = query.shape;
  const rows = key.shape[1];
  const values = transposedRows(graph, value, rows);
  if (tokens > MAX_PRODUCT_TOKENS) {
    return flashAttention(graph, { q: permute(graph, query, [0, 2, 1, 3]), k: key, v: contiguous(graph, permute(graph, values, [1, 0, 2, 3])), mask }, scale);
  }
  const group = heads / kvHeads;
  // The tokens of a query head side by side, as the mask has them.
  const grouped = tokens === 1 ? query : contiguous(graph, permute(graph, reshape(graph, query, [headSize, group, kvHeads, tokens]), [0, 2, 3, 1]));
  const scores = mulMat(graph, key, reshape(graph, grouped, [headSize, tokens * group, kvHeads]));
  const probabilities = softMax(graph, reshape(graph, scores, [rows, tokens, group, kvHeads]), mask, scale);
  const attended = mulMat(graph, values, reshape(graph, probabilities, [rows, tokens * group, kvHeads]));
  const byToken = tokens === 1 ? attended : contiguous(graph, permute(graph, reshape(graph, attended, [headSize, tokens, group, kvHeads]), [0, 3, 1, 2]));
  return reshape(graph, byToken, [headSize, heads, tokens]);
}

/** Some rows of transposed values: `[rows, headSize, kvHeads]`. */
export function transposedRows(graph: Graph, cache: Tensor, rows: number, firstRow = 0): Tensor {
  const [, ...strides] = cache.strides;
  return view(graph, cache, [rows, cache.shape[1], cache.shape[2]], { strides, offsetBytes: firstRow * cache.strides[0] });
}
