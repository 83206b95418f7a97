import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, mul, mulMat, reshape, scale, sumRows, transpose } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { linear, type LinearWeights } from './linear.ts';

/** A matrix of low rank: `W = U Vᵀ`. */
export interface LowRankWeights {
  /** `Vᵀ`: `[in, rank]` */
  readonly down: Tensor;
  /** `U`: `[rank, out]` */
  readonly up: Tensor;
}

/** `U Vᵀ x` (arXiv 2209.13569): `x[in, …] → [out, …]`. */
export function lowRank(graph: Graph, x: Tensor, { down, up }: LowRankWeights): Tensor {
  return mulMat(graph, up, mulMat(graph, down, x));
}

/** A layer with an adapter beside it: `W x + b + factor · U Vᵀ x` (LoRA, arXiv 2106.09685). */
export function adapted(graph: Graph, x: Tensor, layer: LinearWeights, adapter: LowRankWeights, factor: number): Tensor {
  return add(graph, linear(graph, x, layer), scale(graph, lowRank(graph, x, adapter), factor));
}

/** Frobenius decay, `½ λ ‖U Vᵀ‖²`, as one value: `½ λ Σ (Uᵀ U) ∘ (Vᵀ V)`, so that the whole matrix is never made. */
export function frobeniusDecay(graph: Graph, { down, up }: LowRankWeights, lambda: number): Tensor {
  const rank = down.shape[1];
  // mulMat multiplies rows by rows: [in, rank] · [in, rank] → VᵀV, and rows of Uᵀ → UᵀU.
  const ofDown = mulMat(graph, down, down);
  const transposedUp = contiguous(graph, transpose(graph, up));
  const ofUp = mulMat(graph, transposedUp, transposedUp);
  return scale(graph, sumRows(graph, reshape(graph, mul(graph, ofDown, ofUp), [rank * rank])), lambda / 2);
}
