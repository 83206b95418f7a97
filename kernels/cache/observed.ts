/** What selectors have in common that score rows by the attention which they are given. */
import type { ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Graph } from '../ggml/graph.ts';
import { contiguous, maxRows, mul, mulMat, permute, reshape, scale, softMax, sumRows, transpose, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { LayerExtents } from './selector.ts';

const F32_BYTES = 4;

/** One value a row and query head. */
export const perHead = ({ rows, heads }: LayerExtents): readonly number[] => [rows, heads];

/** What observing a token takes: the attention that each head gives all rows, and the same by row. */
export const attentionBytes = ({ rows, heads }: LayerExtents): number => 2 * F32_BYTES * rows * heads;

/** What each row is given by each token, softmax over all rows, times the query's vote: `[tokens, rows, heads]`. */
function attentionByRow(graph: Graph, { query, key, mask, scale: factor, votes }: ObservedQueries): Tensor {
  const scores = mulMat(graph, key, permute(graph, query, [0, 2, 1, 3]), { preciseF32: true });
  const byRow = contiguous(graph, permute(graph, softMax(graph, scores, mask, factor), [1, 0, 2, 3]));
  if (!votes) return byRow;
  const [heads, tokens] = votes.shape;
  return mul(graph, byRow, reshape(graph, contiguous(graph, transpose(graph, votes)), [tokens, 1, heads]));
}

/** The sum over tokens of the attention that each row gets, `[rows, heads]`. */
export function attentionSum(graph: Graph, queries: ObservedQueries): Tensor {
  const byRow = attentionByRow(graph, queries);
  return reshape(graph, sumRows(graph, byRow), [byRow.shape[1], byRow.shape[2]]);
}

/** The most attention that any token gives each row, `[rows, heads]`. */
export function attentionMaximum(graph: Graph, queries: ObservedQueries): Tensor {
  const byRow = attentionByRow(graph, queries);
  return reshape(graph, maxRows(graph, byRow), [byRow.shape[1], byRow.shape[2]]);
}

/** The first rows of `[rows, heads]`. */
export function candidateRows(graph: Graph, scores: Tensor, candidates: number): Tensor {
  return contiguous(graph, view(graph, scores, [candidates, scores.shape[1]]));
}

/** `[rows, heads]` to one value for each KV head, whose queries stand side by side: `[rows, kvHeads]`. */
function overGroup(graph: Graph, scores: Tensor, kvHeads: number, reduce: (graph: Graph, byGroup: Tensor) => Tensor): Tensor {
  const [rows, heads] = scores.shape;
  if (heads === kvHeads) return scores;
  const byGroup = contiguous(graph, permute(graph, reshape(graph, scores, [rows, heads / kvHeads, kvHeads]), [1, 0, 2, 3]));
  return reshape(graph, reduce(graph, byGroup), [rows, kvHeads]);
}

export const meanOverGroup = (graph: Graph, scores: Tensor, kvHeads: number): Tensor =>
  scale(graph, overGroup(graph, scores, kvHeads, sumRows), kvHeads / scores.shape[1]);

export const maximumOverGroup = (graph: Graph, scores: Tensor, kvHeads: number): Tensor => overGroup(graph, scores, kvHeads, maxRows);
