/** Low-rank experts that each attend with their own queries (mixture of attention, Shared-KV). */
import type { Graph } from '../ggml/graph.ts';
import {
  add,
  concat,
  contiguous,
  mul,
  mulMat,
  outProd,
  permute,
  repeat,
  reshape,
  transpose,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { ExpertGates } from './expertGates.ts';
import { linear, type LinearWeights } from './linear.ts';
import { Columns } from './lowRank.ts';

/**
 * The low-rank experts of a block's attention. With the model alone as expert 0, `Σ g_e (W_o + D_e C_e) attend((W_q +
 * B_e A_e) n, K, V)` is computed (BAM, arXiv 2408.08274). Keys and values are shared.
 */
export interface AttentionExperts {
  readonly gates: ExpertGates;
  readonly query: {
    /** `[width, experts · rank]` */
    readonly down: Tensor;
    /** `[rank, out · experts]`: expert by expert. As columns: `[out, experts · rank]`. */
    readonly up: Tensor | Columns;
  };
  /** Absent: all experts have the model's output matrix. */
  readonly output?: {
    /** `[headSize · heads, experts · rank]` */
    readonly down: Tensor;
    /** `[experts · rank, width]` */
    readonly up: Tensor | Columns;
  };
}

/** The sizes of a single expert's attention. */
interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
}

/** The number of experts, with expert 0. */
export const countOf = ({ gates }: AttentionExperts): number => gates.router.experts + 1;

/**
 * The queries of all experts: `x[width, tokens], base[out, tokens] → [out, tokens · experts]`, expert 0 first. `base`:
 * the queries of the model alone.
 */
export function expertQueries(graph: Graph, x: Tensor, base: Tensor, experts: AttentionExperts): Tensor {
  const { down, up } = experts.query;
  const [out, tokens] = base.shape;
  const changed = countOf(experts) - 1;
  const rank = down.shape[1] / changed;
  const joined = reshape(graph, mulMat(graph, down, x), [rank, changed, tokens]);
  const inner = permute(graph, joined, [0, 2, 1, 3]);
  const changes =
    up instanceof Columns
      ? outProd(graph, reshape(graph, up.columns, [out, rank, changed]), transpose(graph, inner))
      : mulMat(graph, reshape(graph, up, [rank, out, changed]), contiguous(graph, inner));
  const ofModel = reshape(graph, base, [out, tokens, 1]);
  return reshape(graph, concat(graph, ofModel, add(graph, changes, ofModel), 2), [out, tokens * countOf(experts)]);
}

/**
 * Orders heads by KV head, then by expert: `[size, heads, tokens · experts] → [size, experts · heads, tokens]`. So
 * grouped-query attention finds each head's keys.
 */
export function byKvHead(graph: Graph, stacked: Tensor, experts: number, { heads, kvHeads }: HeadCounts): Tensor {
  const [size, , columns] = stacked.shape;
  const tokens = columns / experts;
  const groups = reshape(graph, stacked, [(size * heads) / kvHeads, kvHeads, tokens, experts]);
  return reshape(graph, contiguous(graph, permute(graph, groups, [0, 2, 3, 1])), [size, experts * heads, tokens]);
}

/** Repeats a value of each head for all experts, in the order of `byKvHead`: `[heads] → [experts · heads]`. */
export function repeatByKvHead(graph: Graph, values: Tensor, experts: number, { heads, kvHeads }: HeadCounts): Tensor {
  const group = heads / kvHeads;
  const groups = reshape(graph, values, [group, 1, kvHeads]);
  return reshape(graph, repeat(graph, groups, [group, experts, kvHeads]), [experts * heads]);
}

/**
 * The mean of the experts' queries by their gates: `stacked[headSize, heads, tokens · experts] → [headSize, heads,
 * tokens]`. Without norms of heads, these are the queries of the same experts in the projections. Rows of a cache are
 * chosen by them.
 */
export function meanQueries(graph: Graph, stacked: Tensor, experts: AttentionExperts): Tensor {
  const [headSize, heads, columns] = stacked.shape;
  const tokens = columns / countOf(experts);
  const gated = gatedExperts(graph, reshape(graph, stacked, [headSize * heads, tokens, countOf(experts)]), experts);
  return reshape(graph, sumOfExperts(graph, gated), [headSize, heads, tokens]);
}

/**
 * Joins the attended values of all experts by their gates: `attended[headSize, experts · heads, tokens] → [width,
 * tokens]`. The gates of a token add up to 1.
 */
export function mixExperts(
  graph: Graph,
  attended: Tensor,
  weights: { readonly output: LinearWeights; readonly experts: AttentionExperts },
  { heads, kvHeads }: HeadCounts,
): Tensor {
  const { output, experts } = weights;
  const [headSize, , tokens] = attended.shape;
  const count = countOf(experts);
  const size = headSize * heads;
  const groups = reshape(graph, attended, [size / kvHeads, count, kvHeads, tokens]);
  const byExpert = reshape(graph, contiguous(graph, permute(graph, groups, [0, 3, 1, 2])), [size, tokens, count]);
  const gated = gatedExperts(graph, byExpert, experts);
  const ofModel = linear(graph, reshape(graph, sumOfExperts(graph, gated), [size, tokens]), output);
  if (!experts.output) return ofModel;
  const ofExperts = view(graph, gated, [size, tokens, count - 1], { offsetBytes: gated.strides[2] });
  return add(graph, ofModel, outputChange(graph, ofExperts, experts.output, output));
}

/** Multiplies each expert's values by its gates: `values[size, tokens, experts]` keeps its shape. */
function gatedExperts(graph: Graph, values: Tensor, { gates }: AttentionExperts): Tensor {
  const [, tokens, count] = values.shape;
  return mul(graph, values, reshape(graph, contiguous(graph, transpose(graph, gates.all)), [1, tokens, count]));
}

/** `[size, tokens, experts] → [size, tokens]` */
function sumOfExperts(graph: Graph, values: Tensor): Tensor {
  const [size, tokens, count] = values.shape;
  const [first, ...others] = Array.from({ length: count }, (_, expert) =>
    view(graph, values, [size, tokens], { offsetBytes: expert * values.strides[2] }),
  ) as [Tensor, ...Tensor[]];
  return others.reduce((sum, value) => add(graph, sum, value), first);
}

/** `Σ D_e C_e gated_e`: `gated[headSize · heads, tokens, experts] → [width, tokens]`. */
function outputChange(
  graph: Graph,
  gated: Tensor,
  { down, up }: NonNullable<AttentionExperts['output']>,
  { preciseF32 }: Pick<LinearWeights, 'preciseF32'>,
): Tensor {
  const [size, tokens, changed] = gated.shape;
  const rank = down.shape[1] / changed;
  const inner = mulMat(graph, reshape(graph, down, [size, rank, changed]), gated);
  const joined = reshape(graph, contiguous(graph, permute(graph, inner, [0, 2, 1, 3])), [rank * changed, tokens]);
  return up instanceof Columns
    ? outProd(graph, up.columns, transpose(graph, joined))
    : mulMat(graph, up, joined, { preciseF32 });
}
