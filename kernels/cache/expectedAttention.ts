import type { ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, cast, concat, contiguous, mul, mulMat, permute, repeat, reshape, rope, scale, softMax, sqr, sqrt, sub, sumRows, transpose, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { ScoredLayer, Selector } from './selector.ts';

export interface ExpectedAttentionOptions {
  /** Tokens to come whose positions are taken into account. */
  readonly futureTokens: number;
  /** Rows at the beginning that stay, and whose queries are left out: they are like no others. */
  readonly sinks: number;
}

/** Added to the attention before the values' norms count; kvpress leaves it to its user, and adds nothing by itself. */
const EPSILON = 0.02;
/** Positions to come that are rotated at once: each takes a matrix of a head's size, twice. */
const ROTATED_TOKENS = 32;

/**
 * Expected Attention (arXiv 2510.00636): what queries to come would attend, were they normally distributed as those of the context, by the mean
 * rotation of the positions to come; times the norm of the value. As in NVIDIA's kvpress.
 */
export function expectedAttention({ futureTokens, sinks }: ExpectedAttentionOptions): Selector {
  return {
    observation: {
      of: 'all',
      skipTokens: sinks,
      combine: 'add',
      // The sums of q · qᵀ, and of q behind them.
      extents: ({ headSize, heads }) => [headSize, headSize + 1, heads],
      observe: momentSums,
    },
    score(graph, layer) {
      const { key, value, heads, candidates, scale: factor } = layer;
      const kvHeads = key.shape[2];
      const { mean, covariance } = queriesToCome(graph, layer, futureTokens);
      const keys = cast(graph, rowsFrom(graph, key, sinks), 'F32');
      const rows = keys.shape[1];
      const group = heads / kvHeads;
      let attention: Tensor | undefined;
      for (let member = 0; member < group; member++) {
        const [mu, sigma] = [mean, covariance].map((tensor) => everyNth(graph, tensor, member, group)) as [Tensor, Tensor];
        // [rows, 1, kvHeads]
        const linear = mulMat(graph, keys, mu, { preciseF32: true });
        const square = reshape(graph, sumRows(graph, mul(graph, mulMat(graph, sigma, keys, { preciseF32: true }), keys)), [rows, 1, kvHeads]);
        const scores = add(graph, scale(graph, linear, factor), scale(graph, square, (factor * factor) / 2));
        const probabilities = softMax(graph, scores, undefined);
        attention = attention ? add(graph, attention, probabilities) : probabilities;
      }
      const values = cast(graph, rowsFrom(graph, value, sinks), 'F32');
      const norms = reshape(graph, sqrt(graph, sumRows(graph, sqr(graph, values))), [rows, 1, kvHeads]);
      const worth = mul(graph, scale(graph, attention as Tensor, 1 / group, EPSILON), norms);
      const behindSinks = contiguous(graph, view(graph, reshape(graph, worth, [rows, kvHeads]), [candidates - sinks, kvHeads]));
      const first = layer.constant(new Float32Array(sinks * kvHeads).fill(Number.MAX_VALUE), [sinks, kvHeads]);
      return concat(graph, first, behindSinks, 0);
    },
  };
}

function momentSums(graph: Graph, { unrotated }: ObservedQueries): Tensor {
  // [tokens, headSize, heads]
  const byDimension = contiguous(graph, permute(graph, unrotated, [1, 2, 0, 3]));
  const products = mulMat(graph, byDimension, byDimension, { preciseF32: true });
  const sums = sumRows(graph, byDimension);
  return concat(graph, products, reshape(graph, sums, [unrotated.shape[0], 1, unrotated.shape[1]]), 1);
}

/** Mean `[headSize, 1, heads]` and covariance `[headSize, headSize, heads]` of the queries of the next tokens. */
function queriesToCome(graph: Graph, { observed, observedTokens, heads, key, rope: rotation, nextPosition, constant, numbers }: ScoredLayer, futureTokens: number): { mean: Tensor; covariance: Tensor } {
  if (!observed) throw new Error('Expected Attention scores by what was observed.');
  const [headSize] = key.shape;
  const moments = scale(graph, observed, 1 / observedTokens);
  const [, ...strides] = moments.strides;
  const products = contiguous(graph, view(graph, moments, [headSize, headSize, heads], { strides }));
  const mean = contiguous(graph, view(graph, moments, [headSize, 1, heads], { strides, offsetBytes: headSize * moments.strides[1] }));
  const asColumn = reshape(graph, mean, [1, headSize, heads]);
  const covariance = sub(graph, products, mulMat(graph, asColumn, asColumn, { preciseF32: true }));
  if (!rotation) return { mean, covariance };
  const identity = constant(Float32Array.from({ length: headSize * headSize }, (_, index) => (index % (headSize + 1) === 0 ? 1 : 0)), [headSize, headSize, 1]);
  let columns: Tensor | undefined;
  for (let start = 0; start < futureTokens; start += ROTATED_TOKENS) {
    const positions = numbers(Int32Array.from({ length: Math.min(ROTATED_TOKENS, futureTokens - start) }, (_, index) => nextPosition + start + index));
    const rotated = rope(graph, repeat(graph, identity, [headSize, headSize, positions.shape[0]]), positions, rotation);
    // Column j of the mean rotation is what becomes of the unit vector j.
    const sum = sumRows(graph, contiguous(graph, permute(graph, rotated, [1, 2, 0, 3])));
    columns = columns ? add(graph, columns, sum) : sum;
  }
  const turned = contiguous(graph, transpose(graph, reshape(graph, scale(graph, columns as Tensor, 1 / futureTokens), [headSize, headSize])));
  const half = mulMat(graph, turned, covariance, { preciseF32: true });
  return {
    mean: mulMat(graph, turned, mean, { preciseF32: true }),
    covariance: mulMat(graph, turned, contiguous(graph, transpose(graph, half)), { preciseF32: true }),
  };
}

/** `[headSize, rows, kvHeads]` without its first rows. */
function rowsFrom(graph: Graph, tensor: Tensor, first: number): Tensor {
  const [headSize, rows, kvHeads] = tensor.shape;
  const [, ...strides] = tensor.strides;
  return view(graph, tensor, [headSize, rows - first, kvHeads], { strides, offsetBytes: first * tensor.strides[1] });
}

/** Of `[a, b, n · count]` the matrices `first`, `first + n`, …: `[a, b, count]`. */
function everyNth(graph: Graph, tensor: Tensor, first: number, n: number): Tensor {
  const [a, b, all] = tensor.shape;
  return contiguous(graph, view(graph, tensor, [a, b, all / n], { strides: [tensor.strides[1], n * tensor.strides[2], tensor.strides[3]], offsetBytes: first * tensor.strides[2] }));
}
