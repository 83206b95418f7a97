import { ShapeError } from '../ggml/errors.ts';
import type { Graph } from '../ggml/graph.ts';
import {
  cast,
  contiguous,
  flashAttention,
  mulMat,
  permute,
  reshape,
  setRows,
  softMax,
  transpose,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { TensorType } from '../ggml/types.ts';
import type { AttendOptions, AttentionInputs } from './attentionInputs.ts';
import type { Heads } from './projectHeads.ts';

/** Flash attention's tiles are faster for more tokens than this. They want values row by row and hold no scores. */
export const MAX_PRODUCT_TOKENS = 63;

/** Writes values `[width, tokens]` into a transposed cache. Throws `ShapeError` if the inputs have no `valueCells`. */
export function writeTransposed(
  graph: Graph,
  value: Tensor,
  cache: Tensor,
  { valueCells }: Pick<AttentionInputs, 'valueCells'>,
): void {
  const [width, tokens] = value.shape;
  if (!valueCells) throw new ShapeError(`Values for ${cache.toString()} need inputs with valueCells.`);
  const { stretch } = valueCells;
  // Transposed first, each stretch is one contiguous write. Writing cell by cell costs more than the transposition.
  const source = stretch === 1 ? value : contiguous(graph, transpose(graph, value));
  graph.expand(
    setRows(
      graph,
      reshape(graph, cache, [stretch, cache.elements / stretch]),
      reshape(graph, source, [stretch, (width * tokens) / stretch]),
      valueCells.of(width),
    ),
  );
}

/**
 * Values `[headSize · kvHeads, tokens]` in the layout and type of an untransposed cache: `[headSize, tokens, kvHeads]`.
 */
export function valueHeads(
  graph: Graph,
  { value }: Pick<Heads, 'value'>,
  type: TensorType,
  { headSize, kvHeads }: AttendOptions,
): Tensor {
  return cast(graph, permute(graph, reshape(graph, value, [headSize, kvHeads, value.shape[1]]), [0, 2, 1, 3]), type);
}

/**
 * Flash attention of `query[headSize, heads, tokens]` over keys and values `[headSize, rows, kvHeads]`. Returns
 * `[headSize, heads, tokens]`.
 */
export function attendInTiles(
  graph: Graph,
  { query, key, value, mask }: Readonly<Record<'query' | 'key' | 'value' | 'mask', Tensor>>,
  { scale, sinks }: Pick<AttendOptions, 'scale' | 'sinks'>,
): Tensor {
  return flashAttention(graph, { q: permute(graph, query, [0, 2, 1, 3]), k: key, v: value, mask, sinks }, scale);
}

/**
 * Attends `key[headSize, rows, kvHeads]` and the first rows of a transposed cache of values: `query[headSize, heads,
 * tokens], mask[rows, tokens] → [headSize, heads, tokens]`.
 *
 * For a few tokens, all queries of a KV head's group, `[headSize, tokens · group, kvHeads]`, are multiplied by its keys
 * at once. So keys and values are read once per group. Flash attention on the processor reads them once for each query
 * head and token.
 */
export function attendTransposed(
  graph: Graph,
  { query, key, value, mask }: Readonly<Record<'query' | 'key' | 'value' | 'mask', Tensor>>,
  { headSize, kvHeads, scale, sinks }: AttendOptions,
): Tensor {
  const [, heads, tokens] = query.shape;
  const rows = key.shape[1];
  const values = transposedRows(graph, value, rows);
  if (tokens > MAX_PRODUCT_TOKENS)
    return attendInTiles(
      graph,
      { query, key, value: contiguous(graph, permute(graph, values, [1, 0, 2, 3])), mask },
      { scale, sinks },
    );
  const group = heads / kvHeads;
  // Orders the queries by head, then by token, as the mask is laid out.
  const grouped =
    tokens === 1
      ? query
      : contiguous(graph, permute(graph, reshape(graph, query, [headSize, group, kvHeads, tokens]), [0, 2, 3, 1]));
  const scores = mulMat(graph, key, reshape(graph, grouped, [headSize, tokens * group, kvHeads]));
  const probabilities = softMax(graph, reshape(graph, scores, [rows, tokens, heads]), mask, scale, sinks);
  const attended = mulMat(graph, values, reshape(graph, probabilities, [rows, tokens * group, kvHeads]));
  const byToken =
    tokens === 1
      ? attended
      : contiguous(graph, permute(graph, reshape(graph, attended, [headSize, tokens, group, kvHeads]), [0, 3, 1, 2]));
  return reshape(graph, byToken, [headSize, heads, tokens]);
}

/** A view of rows of transposed values: `[rows, headSize, kvHeads]`. */
export function transposedRows(graph: Graph, cache: Tensor, rows: number, firstRow = 0): Tensor {
  const [, ...strides] = cache.strides;
  return view(graph, cache, [rows, cache.shape[1], cache.shape[2]], {
    strides,
    offsetBytes: firstRow * cache.strides[0],
  });
}
