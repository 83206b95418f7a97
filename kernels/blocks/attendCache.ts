import type { Graph } from '../ggml/graph.ts';
import { mulMat, permute, reshape, setRows, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { rowBytes } from '../ggml/types.ts';
import type { AttendOptions, AttentionInputs, LayerCache } from './attentionInputs.ts';
import { attendInTiles, attendTransposed, valueHeads, writeTransposed } from './attendTransposed.ts';
import { rotateHeads } from './hadamard.ts';
import { choosingQueries, type Heads } from './projectHeads.ts';

/**
 * Attention over the cache. Writes the tokens' keys and values into the cache first, on the cache's device. Returns
 * `[headSize, heads, tokens]`.
 */
export function attendCache(
  graph: Graph,
  heads: Heads,
  cache: LayerCache,
  inputs: AttentionInputs,
  options: AttendOptions,
): Tensor {
  const { hadamard } = cache;
  const attend =
    inputs.attend ??
    ((_: Graph, given: Heads) => graph.on(cache.device, () => attendAll(graph, given, cache, inputs, options)));
  if (!hadamard) return attend(graph, heads, options);
  return mulMat(graph, hadamard, attend(graph, rotateHeads(graph, heads, hadamard), options));
}

function attendAll(
  graph: Graph,
  heads: Heads,
  cache: LayerCache,
  inputs: AttentionInputs,
  options: AttendOptions,
): Tensor {
  const { query } = heads;
  const { headSize, kvHeads } = options;
  const { mask, attendedRows } = inputs;
  writeRows(graph, heads, cache, inputs);
  const k = cacheHeads(graph, cache.key, attendedRows, headSize, kvHeads);
  inputs.onQueries?.({
    ...choosingQueries(heads),
    key: k,
    mask,
    scale: options.scale,
    rope: options.rope,
    votes: options.votes?.(),
  });
  if (cache.isValueTransposed) {
    if (inputs.isFirst)
      return attendInTiles(
        graph,
        { query, key: k, value: valueHeads(graph, heads, cache.value.type, options), mask },
        options,
      );
    return attendTransposed(graph, { query, key: k, value: cache.value, mask }, options);
  }
  return attendInTiles(
    graph,
    { query, key: k, value: cacheHeads(graph, cache.value, attendedRows, headSize, kvHeads), mask },
    options,
  );
}

/**
 * Writes keys `[headSize, kvHeads, tokens]` and values `[headSize · kvHeads, tokens]` into the rows of a cache. Throws
 * `ShapeError` if the values are transposed and `valueCells` is missing.
 */
export function writeRows(
  graph: Graph,
  { key, value }: Pick<Heads, 'key' | 'value'>,
  cache: LayerCache,
  inputs: Pick<AttentionInputs, 'rows' | 'valueCells'>,
): void {
  const [headSize, kvHeads, tokens] = key.shape;
  const write = (target: Tensor, source: Tensor): void => {
    const isByHead = target.shape[2] > 1;
    graph.expand(
      setRows(
        graph,
        target,
        isByHead
          ? permute(graph, reshape(graph, source, [headSize, kvHeads, tokens]), [0, 2, 1, 3])
          : reshape(graph, source, [headSize * kvHeads, tokens]),
        inputs.rows,
      ),
    );
  };
  write(cache.key, key);
  if (cache.isValueTransposed) writeTransposed(graph, value, cache.value, inputs);
  else write(cache.value, value);
}

/** KV heads that are neighbours in a cache. */
export interface HeadRun {
  readonly first: number;
  readonly count: number;
}

/** A view of the heads of a run: `[m, n, heads] → [m, n, run.count]`. */
export function headsOf(graph: Graph, stack: Tensor, { first, count }: HeadRun): Tensor {
  const [m, n] = stack.shape;
  const [, rowStride, headStride] = stack.strides;
  // A single head is viewed as a plain matrix, even where a row holds all heads. GPUs multiply by a strided stack in
  // another order.
  const ownStride = count === 1 ? rowStride * n : headStride;
  return view(graph, stack, [m, n, count], {
    strides: [rowStride, ownStride, Math.max(rowStride * n, ownStride * count)],
    offsetBytes: first * headStride,
  });
}

/** Whether the rows of each head in `heads[headSize, rows, kvHeads]` have no gaps between them. */
export const areAdjacent = (heads: Tensor): boolean => heads.strides[1] === rowBytes(heads.type, heads.shape[0]);

/** A view of such heads with `pageRows` rows joined to a page: `[headSize · pageRows, pages, kvHeads]`. */
export function pagesOf(graph: Graph, heads: Tensor, pageRows: number): Tensor {
  const [headSize, rows, kvHeads] = heads.shape;
  const [, rowStride, headStride, stackStride] = heads.strides;
  return view(graph, heads, [headSize * pageRows, Math.floor(rows / pageRows), kvHeads], {
    strides: [rowStride * pageRows, headStride, stackStride],
  });
}

/** A view of rows of keys, or of values that are not transposed: `[headSize, rows, kvHeads]`. */
export function cacheHeads(
  graph: Graph,
  cache: Tensor,
  rows: number,
  headSize: number,
  kvHeads: number,
  firstRow = 0,
): Tensor {
  const [, rowStride, stackStride] = cache.strides;
  const headStride = cache.shape[2] > 1 ? stackStride : rowStride / kvHeads;
  return view(graph, cache, [headSize, rows, kvHeads], {
    strides: [rowStride, headStride, Math.max(rowStride * rows, headStride * kvHeads)],
    offsetBytes: firstRow * rowStride,
  });
}
