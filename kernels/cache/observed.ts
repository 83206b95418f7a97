/** Shared by selectors that score rows by the attention that they get. */
import type { ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Graph } from '../ggml/graph.ts';
import {
  add,
  contiguous,
  maximum,
  maxRows,
  mul,
  mulMat,
  permute,
  reshape,
  scale,
  softMax,
  sumRows,
  transpose,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { LayerExtents } from './selector.ts';

const F32_BYTES = 4;

/** The extents for a value per row and query head. */
export const perHead = ({ rows, heads }: LayerExtents): readonly number[] => [rows, heads];

/** The bytes for observing a token: the attention of each head to all rows, and a copy to combine tokens. */
export const attentionBytes = ({ rows, heads }: LayerExtents): number => 2 * F32_BYTES * rows * heads;

/**
 * Returns the attention of each token to each row, softmax over all rows, times the query's vote: `[rows, tokens,
 * heads]`.
 */
function attention(graph: Graph, { query, key, mask, scale: factor, votes }: ObservedQueries): Tensor {
  const scores = mulMat(graph, key, permute(graph, query, [0, 2, 1, 3]), { preciseF32: true });
  const shares = softMax(graph, scores, mask, factor);
  if (!votes) return shares;
  const [heads, tokens] = votes.shape;
  return mul(graph, shares, reshape(graph, contiguous(graph, transpose(graph, votes)), [1, tokens, heads]));
}

/**
 * Combines all tokens of `[rows, tokens, heads]` into `[rows, heads]`. Halves are joined until one token is left: sums
 * and maxima along rows of memory would need the whole tensor transposed, value by value.
 */
function overTokens(graph: Graph, values: Tensor, join: (graph: Graph, a: Tensor, b: Tensor) => Tensor): Tensor {
  const [rows, , heads] = values.shape;
  const from = (tensor: Tensor, first: number, count: number): Tensor =>
    view(graph, tensor, [rows, count, heads], { offsetBytes: first * tensor.strides[1] });
  let rest = values;
  let odd: Tensor | undefined;
  for (let tokens = values.shape[1]; tokens > 1; tokens = rest.shape[1]) {
    const half = Math.floor(tokens / 2);
    if (tokens % 2 === 1) {
      const last = from(rest, tokens - 1, 1);
      odd = odd ? join(graph, odd, last) : contiguous(graph, last);
    }
    rest = join(graph, from(rest, 0, half), from(rest, half, half));
  }
  return reshape(graph, odd ? join(graph, rest, odd) : rest, [rows, heads]);
}

/** The sum over tokens of the attention that each row gets, `[rows, heads]`. */
export const attentionSum = (graph: Graph, queries: ObservedQueries): Tensor =>
  overTokens(graph, attention(graph, queries), add);

/** The most attention that any token gives each row, `[rows, heads]`. */
export const attentionMaximum = (graph: Graph, queries: ObservedQueries): Tensor =>
  overTokens(graph, attention(graph, queries), maximum);

/** Returns the first rows of `[rows, heads]`. */
export function candidateRows(graph: Graph, scores: Tensor, candidates: number): Tensor {
  return contiguous(graph, view(graph, scores, [candidates, scores.shape[1]]));
}

/** Reduces `[rows, heads]` to a value per KV head, whose queries are side by side: `[rows, kvHeads]`. */
function overGroup(
  graph: Graph,
  scores: Tensor,
  kvHeads: number,
  reduce: (graph: Graph, byGroup: Tensor) => Tensor,
): Tensor {
  const [rows, heads] = scores.shape;
  if (heads === kvHeads) return scores;
  const byGroup = contiguous(
    graph,
    permute(graph, reshape(graph, scores, [rows, heads / kvHeads, kvHeads]), [1, 0, 2, 3]),
  );
  return reshape(graph, reduce(graph, byGroup), [rows, kvHeads]);
}

export const meanOverGroup = (graph: Graph, scores: Tensor, kvHeads: number): Tensor =>
  scale(graph, overGroup(graph, scores, kvHeads, sumRows), kvHeads / scores.shape[1]);

export const maximumOverGroup = (graph: Graph, scores: Tensor, kvHeads: number): Tensor =>
  overGroup(graph, scores, kvHeads, maxRows);
