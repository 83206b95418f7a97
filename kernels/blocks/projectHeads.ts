import type { Graph } from '../ggml/graph.ts';
import type { RopeOptions } from '../ggml/opAttributes.ts';
import { cast, contiguous, floor, log, mul, reshape, rope, scale, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { byKvHead, countOf, expertQueries, meanQueries, type AttentionExperts } from './attentionExperts.ts';
import { linear, type LinearWeights } from './linear.ts';
import { norm, type NormOptions, type NormWeights } from './norm.ts';

export interface HeadWeights {
  readonly query: LinearWeights;
  readonly key: LinearWeights;
  readonly value: LinearWeights;
  readonly queryNorm?: NormWeights;
  readonly keyNorm?: NormWeights;
  /** Low-rank experts with queries of their own. */
  readonly experts?: AttentionExperts;
}

export interface HeadOptions {
  readonly headSize: number;
  /** Query heads; in a mixture of whole experts those of all experts. */
  readonly heads: number;
  readonly kvHeads: number;
  readonly rope?: RopeOptions;
  readonly headNorm?: NormOptions;
  /** Absent: attention is as sharp far from the beginning as near it. */
  readonly temperature?: TemperatureOptions;
  /** Whether the query matrix also gives a gate of each head, behind its query. */
  readonly isGated?: boolean;
}

/** How queries grow with their position: `1 + growth · ln(1 + ⌊position / stepTokens⌋)` (arXiv 2501.19399). */
export interface TemperatureOptions {
  readonly growth: number;
  readonly stepTokens: number;
}

export interface Heads {
  readonly query: Tensor;
  /** The queries before rope. */
  readonly unrotated: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
  /** `[headSize · heads, tokens]`, before the sigmoid. Absent: attention has no gate. */
  readonly gate?: Tensor;
  /** Builds the queries that choose rows of caches, of the model's own heads. Absent: all queries choose. */
  readonly choosing?: () => ChoosingQueries;
}

/** Queries after and before rope, `[headSize, heads, tokens]`. */
export type ChoosingQueries = Pick<Heads, 'query' | 'unrotated'>;

/** The queries that choose rows of caches. */
export const choosingQueries = ({ query, unrotated, choosing }: Heads): ChoosingQueries =>
  choosing?.() ?? { query, unrotated };

/**
 * Projects `x[width, tokens]` to queries `[headSize, heads, tokens]`, keys `[headSize, kvHeads, tokens]` and values
 * `[headSize · kvHeads, tokens]`. Low-rank experts multiply the heads of the queries. Queries and keys get the per-head
 * norms and the rope that the network has. The positions `positions[tokens]` are I32. Every kind of attention begins
 * with it.
 */
export function projectHeads(
  graph: Graph,
  x: Tensor,
  weights: HeadWeights,
  positions: Tensor,
  options: HeadOptions,
): Heads {
  const tokens = x.shape[1];
  const { gate, unplaced, mean } = queryHeads(graph, x, weights, options);
  const projectedKey = reshape(graph, linear(graph, x, weights.key), [options.headSize, options.kvHeads, tokens]);
  const value = linear(graph, x, weights.value);
  const key =
    options.headNorm && weights.keyNorm ? norm(graph, projectedKey, weights.keyNorm, options.headNorm) : projectedKey;
  const place = (query: Tensor): ChoosingQueries => placed(graph, query, positions, options);
  return {
    ...place(unplaced),
    key: options.rope ? rope(graph, key, positions, options.rope) : key,
    value,
    gate,
    choosing: mean && (() => place(mean())),
  };
}

/** Gives queries `[headSize, heads, tokens]` their rope, and makes them grow with their position. */
function placed(
  graph: Graph,
  query: Tensor,
  positions: Tensor,
  { rope: ofRope, temperature }: HeadOptions,
): ChoosingQueries {
  const rotated = ofRope ? rope(graph, query, positions, ofRope) : query;
  if (!temperature) return { query: rotated, unrotated: query };
  // Behind the rope, so that roundings are those of llama.cpp.
  const factors = temperatures(graph, positions, temperature);
  return { query: mul(graph, rotated, factors), unrotated: mul(graph, query, factors) };
}

/** The queries before rope, and their gates if attention has them. `mean`: as `meanQueries`. */
function queryHeads(
  graph: Graph,
  x: Tensor,
  { query: weights, queryNorm, experts }: HeadWeights,
  options: HeadOptions,
): { readonly unplaced: Tensor; readonly gate?: Tensor; readonly mean?: () => Tensor } {
  const { headSize, heads, headNorm } = options;
  const ofModel = linear(graph, x, weights);
  const projected = experts ? expertQueries(graph, x, ofModel, experts) : ofModel;
  const { query, gate } = options.isGated
    ? splitGate(graph, projected, options)
    : { query: reshape(graph, projected, [headSize, heads, projected.shape[1]]), gate: undefined };
  const normed = headNorm && queryNorm ? norm(graph, query, queryNorm, headNorm) : query;
  if (!experts) return { unplaced: normed, gate };
  const ordered = (tensor: Tensor): Tensor => byKvHead(graph, tensor, countOf(experts), options);
  const size = headSize * heads * countOf(experts);
  return {
    unplaced: ordered(normed),
    gate: gate && reshape(graph, ordered(reshape(graph, gate, query.shape)), [size, x.shape[1]]),
    mean: () => meanQueries(graph, normed, experts),
  };
}

/** Splits `[2 · headSize · heads, tokens]` into queries and gates, which alternate head by head. */
function splitGate(
  graph: Graph,
  projected: Tensor,
  { headSize, heads }: HeadOptions,
): { readonly query: Tensor; readonly gate: Tensor } {
  const tokens = projected.shape[1];
  const both = reshape(graph, projected, [2 * headSize, heads, tokens]);
  const half = (index: 0 | 1): Tensor =>
    contiguous(
      graph,
      view(graph, both, [headSize, heads, tokens], { offsetBytes: index * headSize * both.strides[0] }),
    );
  return { query: half(0), gate: reshape(graph, half(1), [headSize * heads, tokens]) };
}

/** The factors of the queries at `positions[tokens]`: `[1, 1, tokens]`. */
function temperatures(graph: Graph, positions: Tensor, { growth, stepTokens }: TemperatureOptions): Tensor {
  // Half a token more, so that rounding does not move a position to the step before.
  const steps = floor(graph, scale(graph, cast(graph, positions, 'F32'), 1 / stepTokens, 0.5 / stepTokens));
  const factors = scale(graph, log(graph, scale(graph, steps, 1, 1)), growth, 1);
  return reshape(graph, factors, [1, 1, positions.shape[0]]);
}
