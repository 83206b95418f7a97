import type { ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Graph } from '../ggml/graph.ts';
import {
  add,
  cast,
  clamp,
  concat,
  contiguous,
  div,
  fill,
  mul,
  mulMat,
  permute,
  repeat,
  reshape,
  rope,
  scale,
  softMax,
  sqr,
  sqrt,
  sub,
  sumRows,
  transpose,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { LARGEST } from './selection.ts';
import type { ScoredLayer, Selector } from './selector.ts';

export interface ExpectedAttentionOptions {
  /** The number of future tokens whose positions are taken into account. */
  readonly futureTokens: number;
  /** The number of first rows, which are kept. Their queries are not observed, since they differ from all others. */
  readonly sinks: number;
}

/**
 * Added to the attention before it is weighted by the values' norms. kvpress leaves it to its user, with a default of
 * 0.
 */
const EPSILON = 0.02;
/** Avoids a division by zero for heads without votes. */
const MINIMUM_VOTES = 1e-6;
/** How many positions are rotated at once: each takes two matrices of a head's size. */
const ROTATED_TOKENS = 32;

/**
 * Expected Attention (arXiv 2510.00636), as in NVIDIA's kvpress. A row's score is the attention of future queries,
 * times the norm of its value. Future queries are taken to be distributed as a Gaussian with the context's moments,
 * rotated by the mean rotation of the future positions.
 *
 * If queries have votes, each counts by its vote in its head's distribution. In the mean over a group, each head counts
 * by the mean vote of its queries.
 */
export function expectedAttention({ futureTokens, sinks }: ExpectedAttentionOptions): Selector {
  return {
    observation: {
      of: 'all',
      skipTokens: sinks,
      combine: 'add',
      // The sums of q · qᵀ, and behind them the sums of q and of votes.
      extents: ({ headSize, heads }) => [headSize, headSize + 2, heads],
      observe: momentSums,
    },
    score(graph, layer) {
      const { key, value, heads, candidates } = layer;
      const kvHeads = key.shape[2];
      const { mean, covariance, share } = queriesToCome(graph, layer, futureTokens);
      const keys = cast(graph, rowsFrom(graph, key, sinks), 'F32');
      const rows = keys.shape[1];
      const group = heads / kvHeads;
      let attention: Tensor | undefined;
      for (let member = 0; member < group; member++) {
        const [mu, sigma, vote] = [mean, covariance, share].map((tensor) => everyNth(graph, tensor, member, group)) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        // [rows, 1, kvHeads]
        const linear = mulMat(graph, keys, mu, { preciseF32: true });
        const square = reshape(
          graph,
          sumRows(graph, mul(graph, mulMat(graph, sigma, keys, { preciseF32: true }), keys)),
          [rows, 1, kvHeads],
        );
        const scores = add(graph, linear, square);
        const probabilities = mul(graph, softMax(graph, scores, undefined), vote);
        attention = attention ? add(graph, attention, probabilities) : probabilities;
      }
      const values = cast(graph, rowsFrom(graph, value, sinks), 'F32');
      const norms = reshape(graph, sqrt(graph, sumRows(graph, sqr(graph, values))), [rows, 1, kvHeads]);
      const worth = mul(graph, scale(graph, attention as Tensor, 1 / group, EPSILON), norms);
      const behindSinks = contiguous(
        graph,
        view(graph, reshape(graph, worth, [rows, kvHeads]), [candidates - sinks, kvHeads]),
      );
      const first = layer.constant(new Float32Array(sinks * kvHeads).fill(LARGEST), [sinks, kvHeads]);
      return concat(graph, first, behindSinks, 0);
    },
  };
}

function momentSums(graph: Graph, { unrotated, votes }: ObservedQueries): Tensor {
  const [headSize, heads, tokens] = unrotated.shape;
  // [tokens, headSize, heads]
  const byDimension = contiguous(graph, permute(graph, unrotated, [1, 2, 0, 3]));
  const voted = votes
    ? mul(graph, byDimension, reshape(graph, contiguous(graph, transpose(graph, votes)), [tokens, 1, heads]))
    : byDimension;
  const products = mulMat(graph, byDimension, voted, { preciseF32: true });
  const sums = reshape(graph, sumRows(graph, voted), [headSize, 1, heads]);
  const total = votes
    ? repeat(graph, reshape(graph, sumRows(graph, contiguous(graph, transpose(graph, votes))), [1, 1, heads]), [
        headSize,
        1,
        heads,
      ])
    : fill(graph, sums, tokens);
  return concat(graph, products, concat(graph, sums, total, 1), 1);
}

interface QueriesToCome {
  /** `[headSize, 1, heads]`, times attention's scale. */
  readonly mean: Tensor;
  /** `[headSize, headSize, heads]`, times half of its square. */
  readonly covariance: Tensor;
  /** `[1, 1, heads]`: the mean vote of a query. */
  readonly share: Tensor;
}

/** Returns the moments of the next tokens' queries. */
function queriesToCome(
  graph: Graph,
  { observed, observedTokens, heads, key, scale: factor, rope: rotation, nextPosition, constant, numbers }: ScoredLayer,
  futureTokens: number,
): QueriesToCome {
  if (!observed) throw new Error('Expected Attention needs the queries that it observes to score rows.');
  const [headSize] = key.shape;
  const [, ...strides] = observed.strides;
  const part = (extents: readonly number[], firstRow: number): Tensor =>
    contiguous(graph, view(graph, observed, extents, { strides, offsetBytes: firstRow * observed.strides[1] }));
  const votes = part([1, 1, heads], headSize + 1);
  const total = clamp(graph, votes, MINIMUM_VOTES, Infinity);
  const share = scale(graph, votes, 1 / observedTokens);
  const products = div(graph, part([headSize, headSize, heads], 0), total);
  // Divided before they are multiplied: GPUs round factors to float16, which ends at 65,504.
  const unscaled = div(graph, part([headSize, 1, heads], headSize), total);
  const asColumn = reshape(graph, unscaled, [1, headSize, heads]);
  const mean = scale(graph, unscaled, factor);
  const covariance = scale(
    graph,
    sub(graph, products, mulMat(graph, asColumn, asColumn, { preciseF32: true })),
    (factor * factor) / 2,
  );
  if (!rotation) return { mean, covariance, share };
  const identity = constant(
    Float32Array.from({ length: headSize * headSize }, (_, index) => (index % (headSize + 1) === 0 ? 1 : 0)),
    [headSize, headSize, 1],
  );
  let columns: Tensor | undefined;
  for (let start = 0; start < futureTokens; start += ROTATED_TOKENS) {
    const positions = numbers(
      Int32Array.from(
        { length: Math.min(ROTATED_TOKENS, futureTokens - start) },
        (_, index) => nextPosition + start + index,
      ),
    );
    const rotated = rope(graph, repeat(graph, identity, [headSize, headSize, positions.shape[0]]), positions, rotation);
    // Column j of the mean rotation is the rotated unit vector j.
    const sum = sumRows(graph, contiguous(graph, permute(graph, rotated, [1, 2, 0, 3])));
    columns = columns ? add(graph, columns, sum) : sum;
  }
  const turned = contiguous(
    graph,
    transpose(graph, reshape(graph, scale(graph, columns as Tensor, 1 / futureTokens), [headSize, headSize])),
  );
  const half = mulMat(graph, turned, covariance, { preciseF32: true });
  return {
    mean: mulMat(graph, turned, mean, { preciseF32: true }),
    covariance: mulMat(graph, turned, contiguous(graph, transpose(graph, half)), { preciseF32: true }),
    share,
  };
}

/** Returns `[headSize, rows, kvHeads]` without its first rows. */
function rowsFrom(graph: Graph, tensor: Tensor, first: number): Tensor {
  const [headSize, rows, kvHeads] = tensor.shape;
  const [, ...strides] = tensor.strides;
  return view(graph, tensor, [headSize, rows - first, kvHeads], { strides, offsetBytes: first * tensor.strides[1] });
}

/** Returns the matrices `first`, `first + n`, … of `[a, b, n · count]`: `[a, b, count]`. */
function everyNth(graph: Graph, tensor: Tensor, first: number, n: number): Tensor {
  const [a, b, all] = tensor.shape;
  return contiguous(
    graph,
    view(graph, tensor, [a, b, all / n], {
      strides: [tensor.strides[1], n * tensor.strides[2], tensor.strides[3]],
      offsetBytes: first * tensor.strides[2],
    }),
  );
}
