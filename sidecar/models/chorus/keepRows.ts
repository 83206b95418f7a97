import { keysByHead, valuesByHead } from '../../../kernels/blocks/attendByHead.ts';
import { cacheHeads, type LayerCache } from '../../../kernels/blocks/attendCache.ts';
import { gatherRows } from '../../../kernels/cache/selection.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import { copy, getRows, transpose, view } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';

/** What is kept of a layer's rows. */
export interface KeptParts {
  /** `[count, kvHeads]`, I32: numbers of the rows that were chosen head by head; absent where none were. */
  readonly best?: Tensor;
  /** Gives the numbers of the first rows of the target, `[count]`, I32. */
  readonly firstPlaces: (count: number) => Tensor;
  /** The last rows, which are kept in any case: from this one on, so many. */
  readonly firstRow: number;
  readonly rows: number;
  readonly headSize: number;
  readonly kvHeads: number;
}

/** Copies what is kept of a layer's rows, which are not by head, to the beginning of another cache: the best, then the last. */
export function keepRows(graph: Graph, from: LayerCache, to: LayerCache, parts: KeptParts): void {
  if (to.isByHead) keepByHead(graph, from, to, parts);
  else for (const [source, target] of [[from.key, to.key], [from.value, to.value]] as const) keepByRow(graph, source, target, parts);
}

function keepByRow(graph: Graph, source: Tensor, target: Tensor, { best, firstPlaces, firstRow, rows, headSize, kvHeads }: KeptParts): void {
  const rowsOf = (tensor: Tensor, first: number): Tensor => view(graph, tensor, [tensor.shape[0], rows], { offsetBytes: first * tensor.strides[1] });
  if (best) graph.expand(gatherRows(graph, cacheHeads(graph, source, source.shape[1], headSize, kvHeads), best, cacheHeads(graph, target, target.shape[1], headSize, kvHeads), firstPlaces(best.shape[0])));
  graph.expand(copy(graph, rowsOf(source, firstRow), rowsOf(target, best?.shape[0] ?? 0)));
}

function keepByHead(graph: Graph, from: LayerCache, to: LayerCache, { best, firstRow, rows, headSize, kvHeads }: KeptParts): void {
  const count = best?.shape[0] ?? 0;
  const last = (tensor: Tensor): Tensor => {
    const heads = cacheHeads(graph, tensor, tensor.shape[1], headSize, kvHeads);
    const [, ...strides] = heads.strides;
    return view(graph, heads, [headSize, rows, kvHeads], { strides, offsetBytes: firstRow * heads.strides[1] });
  };
  if (best) {
    const gathered = (tensor: Tensor): Tensor => getRows(graph, cacheHeads(graph, tensor, tensor.shape[1], headSize, kvHeads), best);
    graph.expand(copy(graph, gathered(from.key), keysByHead(graph, to.key, count)));
    graph.expand(copy(graph, transpose(graph, gathered(from.value)), valuesByHead(graph, to.value, count)));
  }
  graph.expand(copy(graph, last(from.key), keysByHead(graph, to.key, rows, count)));
  graph.expand(copy(graph, transpose(graph, last(from.value)), valuesByHead(graph, to.value, rows, count)));
}
