import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, mulMat, scale, transpose } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

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
}

/** Multiplies the matrix by `x[in, …] → [out, …]` without building it. */
export function lowRank(graph: Graph, x: Tensor, { base, down, up, factor }: LowRankMatrix): Tensor {
  const product = mulMat(graph, up, mulMat(graph, down, x));
  const scaled = factor === 1 ? product : scale(graph, product, factor);
  return base ? add(graph, mulMat(graph, base, x), scaled) : scaled;
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
