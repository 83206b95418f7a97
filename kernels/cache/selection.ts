/** Choosing and gathering rows of a cache, the same for every selector. */
import type { Graph } from '../ggml/graph.ts';
import { contiguous, getRows, reshape, setRows, topK } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { ScoredLayer } from './selector.ts';

/** The largest float32: what scores this stays. Not infinity, which Vulkan's best rows leave out. */
export const LARGEST = 3.4028234663852886e38;

/**
 * The numbers of the `count` best rows of each KV head, in no particular order: `scores[candidates, kvHeads] → [count,
 * kvHeads]`, I32.
 */
export function bestRows(graph: Graph, scores: Tensor, count: number): Tensor {
  return topK(graph, scores, count);
}

/**
 * AdaKV (arXiv 2407.11550): the best rows of all KV heads together, `count` a head on average, but of each head at
 * least the `least` best; as in NVIDIA's kvpress. `scores[candidates, kvHeads] → [count · kvHeads]`, I32, in no
 * particular order: `head · candidates + row`. Scores of heads must be comparable.
 */
export function bestRowsOfAll(
  graph: Graph,
  scores: Tensor,
  {
    count,
    least,
    constant,
  }: { readonly count: number; readonly least: number; readonly constant: ScoredLayer['constant'] },
): Tensor {
  const [candidates, kvHeads] = scores.shape;
  const safe = least > 0 ? raiseBest(graph, scores, contiguous(graph, scores), least, constant) : scores;
  return topK(graph, reshape(graph, safe, [candidates * kvHeads]), count * kvHeads);
}

/** `scores[candidates, kvHeads]` with the `count` that are best by others set above all; `scores` is overwritten. */
export function raiseBest(
  graph: Graph,
  by: Tensor,
  scores: Tensor,
  count: number,
  constant: ScoredLayer['constant'],
): Tensor {
  const [candidates, kvHeads] = scores.shape;
  const largest = constant(new Float32Array(count * kvHeads).fill(LARGEST), [1, count, kvHeads]);
  return reshape(
    graph,
    setRows(graph, reshape(graph, scores, [1, candidates, kvHeads]), largest, topK(graph, by, count)),
    [candidates, kvHeads],
  );
}

/**
 * Copies rows of a layer's cache, chosen head by head, into another: `from, to[headSize, rows, kvHeads]`,
 * `numbers[count, kvHeads]` (I32) of rows in `from`, `places[count]` of those in `to`. Returns a view of `to`.
 */
export function gatherRows(graph: Graph, from: Tensor, numbers: Tensor, to: Tensor, places: Tensor): Tensor {
  return setRows(graph, to, getRows(graph, from, numbers), places);
}
