import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, mul, mulMat, reshape, scale, transpose } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { ExpertGates } from './expertGates.ts';

/** A low-rank matrix by its factors, `U Vᵀ`. */
export interface Factors {
  /** `Vᵀ`: `[in, rank]` */
  readonly down: Tensor;
  /** `U`: `[rank, out]` */
  readonly up: Tensor;
}

/**
 * A matrix with trained factors: `factor · U Vᵀ` (arXiv 2209.13569), or `W + factor · U Vᵀ` with a frozen base (LoRA,
 * arXiv 2106.09685).
 */
export interface LowRankMatrix extends Factors {
  /** `W`: `[in, out]` */
  readonly base?: Tensor;
  readonly factor: number;
  /** `[rank]`: a further factor for each row of `down`, where parts of it come from different adapters. */
  readonly factors?: Tensor;
  /** Weighs experts of equal rank, whose factors stand side by side. Absent: each has a gate of 1. */
  readonly gates?: ExpertGates;
}

/** Multiplies the matrix by `x[in, …] → [out, …]` without building it. `preciseF32`: as in `LinearWeights`. */
export function lowRank(
  graph: Graph,
  x: Tensor,
  { base, down, up, factor, factors, gates }: LowRankMatrix,
  options: { readonly preciseF32?: boolean } = {},
): Tensor {
  const inner = mulMat(graph, down, x);
  // Few values lie between the two products, so they are scaled instead of the result.
  const weighed = gates ? gated(graph, inner, gates) : factors ? mul(graph, inner, factors) : inner;
  const change = mulMat(graph, up, factor === 1 ? weighed : scale(graph, weighed, factor), options);
  return base ? add(graph, mulMat(graph, base, x, options), change) : change;
}

/** Multiplies the values of each expert by its gate: `inner[experts · rank, tokens]` keeps its shape. */
function gated(graph: Graph, inner: Tensor, gates: ExpertGates): Tensor {
  const [ranks, tokens] = inner.shape;
  const { experts } = gates.router;
  const byExpert = reshape(graph, inner, [ranks / experts, experts, tokens]);
  return reshape(graph, mul(graph, byExpert, gates.of(tokens)), [ranks, tokens]);
}

/** Builds `U Vᵀ` as a matrix, `[in, out]`. */
export function factorProduct(graph: Graph, { down, up }: Factors): Tensor {
  return mulMat(graph, transposed(graph, down), up);
}

/**
 * The gradient of Frobenius decay, `½ ‖U Vᵀ‖²`, by the factors (arXiv 2105.01029): `U (Vᵀ V)` and `(Uᵀ U) Vᵀ`. The
 * matrix itself is never built.
 */
export function frobeniusDecay(graph: Graph, { down, up }: Factors): Factors {
  const rows = transposed(graph, up);
  return {
    down: mulMat(graph, transposed(graph, down), mulMat(graph, rows, rows)),
    up: mulMat(graph, mulMat(graph, down, down), up),
  };
}

const transposed = (graph: Graph, a: Tensor): Tensor => contiguous(graph, transpose(graph, a));
