import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, mulMat, scale, transpose } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** A matrix of low rank by its factors, `U Vᵀ`. */
export interface Factors {
  /** `Vᵀ`: `[in, rank]` */
  readonly down: Tensor;
  /** `U`: `[rank, out]` */
  readonly up: Tensor;
}

/**
 * A matrix whose factors are trained: `factor · U Vᵀ` (arXiv 2209.13569), or `W + factor · U Vᵀ` beside one that stays
 * (LoRA, arXiv 2106.09685).
 */
export interface LowRankMatrix extends Factors {
  /** `W`: `[in, out]` */
  readonly base?: Tensor;
  readonly factor: number;
}

/** The matrix times `x[in, …] → [out, …]`, without its being made. */
export function lowRank(graph: Graph, x: Tensor, { base, down, up, factor }: LowRankMatrix): Tensor {
  const product = mulMat(graph, up, mulMat(graph, down, x));
  const scaled = factor === 1 ? product : scale(graph, product, factor);
  return base ? add(graph, mulMat(graph, base, x), scaled) : scaled;
}

/** `U Vᵀ` as a matrix, `[in, out]`. */
export function factorProduct(graph: Graph, { down, up }: Factors): Tensor {
  return mulMat(graph, transposed(graph, down), up);
}

/**
 * The slopes of Frobenius decay, `½ ‖U Vᵀ‖²`, by its factors (arXiv 2105.01029): `U (Vᵀ V)` and `(Uᵀ U) Vᵀ`, without
 * the matrix's being made.
 */
export function frobeniusDecay(graph: Graph, { down, up }: Factors): Factors {
  const rows = transposed(graph, up);
  return {
    down: mulMat(graph, transposed(graph, down), mulMat(graph, rows, rows)),
    up: mulMat(graph, mulMat(graph, down, down), up),
  };
}

const transposed = (graph: Graph, a: Tensor): Tensor => contiguous(graph, transpose(graph, a));
