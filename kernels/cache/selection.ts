/** Chooses and gathers rows of a cache, in the same way for every selector. */
import type { Graph } from '../ggml/graph.ts';
import { contiguous, getRows, reshape, setRows, topK } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { ScoredLayer } from './selector.ts';

/** The largest float32: a row with this score is always kept. Vulkan's best rows leave out infinity. */
export const LARGEST = 3.4028234663852886e38;

/**
 * Returns the numbers of the `count` best rows of each KV head, in no particular order: `scores[candidates, kvHeads] →
 * [count, kvHeads]`, I32.
 */
export function bestRows(graph: Graph, scores: Tensor, count: number): Tensor {
  return topK(graph, scores, count);
}

/**
 * AdaKV (arXiv 2407.11550), as in NVIDIA's kvpress. Returns the best rows of all KV heads together, on average `count`
 * per head, and at least the `least` best of each head.
 *
 * `scores[candidates, kvHeads] → [count · kvHeads]`, I32, in no particular order: `head · candidates + row`. Scores of
 * heads must be comparable.
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

/**
 * Sets `scores[candidates, kvHeads]` of the `count` rows that are best in `by` above all others. Overwrites `scores`.
 */
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
 * Copies rows of a layer's cache, chosen head by head, into another: `from, to[headSize, rows, kvHeads]`.
 * `numbers[count, kvHeads]` (I32) are rows of `from`, `places[count]` rows of `to`. Returns a view of `to`.
 */
export function gatherRows(graph: Graph, from: Tensor, numbers: Tensor, to: Tensor, places: Tensor): Tensor {
  return setRows(graph, to, getRows(graph, from, numbers), places);
}
