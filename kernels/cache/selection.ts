/** Choosing and gathering rows of a cache, the same for every selector. */
import type { Graph } from '../ggml/graph.ts';
import { getRows, setRows, topK } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** The numbers of the `count` best rows of each KV head, in no particular order: `scores[candidates, kvHeads] → [count, kvHeads]`, I32. */
export function bestRows(graph: Graph, scores: Tensor, count: number): Tensor {
  return topK(graph, scores, count);
}

/**
 * Copies rows of a layer's cache, chosen head by head, into another: `from, to[headSize, rows, kvHeads]`, `numbers[count, kvHeads]` (I32) of rows in
 * `from`, `places[count]` of those in `to`. Returns a view of `to`.
 */
export function gatherRows(graph: Graph, from: Tensor, numbers: Tensor, to: Tensor, places: Tensor): Tensor {
  return setRows(graph, to, getRows(graph, from, numbers), places);
}
