import { CustomMatrix } from '../ggml/customMatrix.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, mul, mulMat, outProd, reshape, scale, transpose, view } from '../ggml/ops.ts';
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
export interface LowRankMatrix {
  /** `W`: `[in, out]`, which may have factors itself. */
  readonly base?: Tensor | LowRankMatrix;
  /** `Vᵀ`: `[in, rank]`, or its rows among those of other matrices. */
  readonly down: Tensor | SharedRows;
  /** `U`: `[rank, out]`, or its columns. */
  readonly up: Tensor | Columns;
  readonly factor: number;
  /** Weighs experts of equal rank, whose factors stand side by side. Absent: each has a gate of 1. */
  readonly gates?: ExpertGates;
}

/** Multiplies the matrix by `x[in, …] → [out, …]` without building it. `preciseF32`: as in `LinearWeights`. */
export function lowRank(
  graph: Graph,
  x: Tensor,
  { base, down, up, factor, gates }: LowRankMatrix,
  options: { readonly preciseF32?: boolean } = {},
): Tensor {
  const product =
    down instanceof SharedRows ? down.multiply(graph, x, gates) : gated(graph, mulMat(graph, down, x), gates);
  if (base instanceof CustomMatrix && up instanceof Columns)
    return mulMat(graph, base, x, { sums: { factors: { up: up.columns, inner: product, factor } } });
  // Few values lie between the two products, so they are scaled instead of the result.
  const inner = factor === 1 ? product : scale(graph, gapless(graph, product), factor);
  const change =
    up instanceof Columns
      ? outProd(graph, up.columns, transpose(graph, inner))
      : mulMat(graph, up, gapless(graph, inner), options);
  if (!base) return change;
  const ofBase = 'down' in base ? lowRank(graph, x, base, options) : mulMat(graph, base, x, options);
  return add(graph, ofBase, change);
}

/** The columns of `U`, in float32. For few ranks, their product is much faster on the processor. */
export class Columns {
  /** `[out, rank]` */
  constructor(readonly columns: Tensor) {}
}

/**
 * The `down` factors of matrices that read the same input, of one rank, below each other. One product serves them all.
 */
export class SharedDown {
  /** The products, by their input. An input belongs to one graph. */
  readonly #products = new WeakMap<Tensor, Tensor>();

  /** `down[in, matrices · rank]` */
  constructor(
    readonly down: Tensor,
    readonly matrices: number,
  ) {}

  /** `x[in, tokens] → [matrices · rank, tokens]`, weighed by the gates. */
  multiply(graph: Graph, x: Tensor, gates: ExpertGates | undefined): Tensor {
    let product = this.#products.get(x);
    if (!product) this.#products.set(x, (product = gated(graph, mulMat(graph, this.down, x), gates, this.matrices)));
    return product;
  }
}

/** The factors of one matrix among those that share a product. */
export class SharedRows {
  constructor(
    readonly shared: SharedDown,
    readonly index: number,
  ) {}

  /** `x[in, tokens] → [rank, tokens]`, with gaps between the rows. */
  multiply(graph: Graph, x: Tensor, gates: ExpertGates | undefined): Tensor {
    const all = this.shared.multiply(graph, x, gates);
    const [rows, tokens] = all.shape;
    const rank = rows / this.shared.matrices;
    return view(graph, all, [rank, tokens], {
      strides: [all.strides[1], all.strides[2], all.strides[3]],
      offsetBytes: this.index * rank * all.strides[0],
    });
  }
}

/** Multiplies the values of each expert by its gate: `inner[matrices · experts · rank, tokens]` keeps its shape. */
function gated(graph: Graph, inner: Tensor, gates: ExpertGates | undefined, matrices = 1): Tensor {
  if (!gates) return inner;
  const [ranks, tokens] = inner.shape;
  const { experts } = gates.router;
  const byExpert = reshape(graph, inner, [ranks / experts / matrices, experts, matrices, tokens]);
  const ofAll = reshape(graph, gates.of(tokens), [1, experts, 1, tokens]);
  return reshape(graph, mul(graph, byExpert, ofAll), [ranks, tokens]);
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

/** Copies rows together if gaps are between them. */
const gapless = (graph: Graph, a: Tensor): Tensor => (a.shape[1] === 1 || a.isContiguous ? a : contiguous(graph, a));

const transposed = (graph: Graph, a: Tensor): Tensor => contiguous(graph, transpose(graph, a));
