import type { Graph } from '../../ggml/graph.ts';
import {
  add,
  cast,
  contiguous,
  copy,
  div,
  mul,
  mulMat,
  reshape,
  scale,
  sqr,
  sqrt,
  sub,
  sumRows,
  transpose,
} from '../../ggml/ops.ts';
import type { Tensor } from '../../ggml/tensor.ts';

/** Of the quintic that draws singular values of 0 to 1 near 1 in few iterations. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;
const EPSILON = 1e-7;
/**
 * Size of a step's values by the root of the longer side: that of AdamW's steps, so that one rate serves both (arXiv
 * 2502.16982).
 */
const REACH = 0.2;

/** Nodes that a step adds to a graph, at most. */
export const MUON_NODES = 96;

/**
 * Newton–Schulz iteration towards the matrix with the same singular vectors whose singular values are all one, which
 * these constants bring between about 0.7 and 1.2. `a[columns, rows, …]`; each matrix by itself.
 */
function orthogonalised(graph: Graph, a: Tensor, productType: 'F32' | 'BF16'): Tensor {
  const [columns, rows, matrices] = a.shape;
  if (columns < rows)
    return contiguous(
      graph,
      transpose(graph, orthogonalised(graph, contiguous(graph, transpose(graph, a)), productType)),
    );
  const factor = (tensor: Tensor): Tensor => (productType === 'F32' ? tensor : cast(graph, tensor, productType));
  const turned = (tensor: Tensor): Tensor =>
    productType === 'F32'
      ? contiguous(graph, transpose(graph, tensor))
      : cast(graph, transpose(graph, tensor), productType);
  // [1, 1, matrices]
  const norm = sqrt(graph, sumRows(graph, reshape(graph, sumRows(graph, sqr(graph, a)), [rows, 1, matrices])));
  let x = div(graph, a, scale(graph, norm, 1, EPSILON));
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    // [rows, rows, matrices], symmetric
    const square = mulMat(graph, factor(x), x);
    const mixed = add(graph, scale(graph, square, B), scale(graph, mulMat(graph, factor(square), square), C));
    x = add(graph, scale(graph, x, A), mulMat(graph, turned(x), mixed));
  }
  return x;
}

/** What a step is given besides tensors of the parameter. */
export interface MuonSettings {
  /** `[1]` */
  readonly rate: Tensor;
  /** `[1]`: what the step leaves of a weight, 1 − rate · decay. */
  readonly kept: Tensor;
  readonly momentum: number;
  readonly productType: 'F32' | 'BF16';
}

/**
 * One step of Muon (Jordan and others, 2024, with Nesterov's momentum; decay and size as in arXiv 2502.16982) on
 * `weight` and `velocity`, in their memory.
 */
export function stepMuon(
  graph: Graph,
  tensors: { weight: Tensor; gradient: Tensor; velocity: Tensor },
  { rate, kept, momentum, productType }: MuonSettings,
): Tensor {
  const { weight, gradient } = tensors;
  const velocity = copy(graph, add(graph, scale(graph, tensors.velocity, momentum), gradient), tensors.velocity);
  const direction = orthogonalised(graph, add(graph, gradient, scale(graph, velocity, momentum)), productType);
  const step = mul(graph, scale(graph, direction, REACH * Math.sqrt(Math.max(weight.shape[0], weight.shape[1]))), rate);
  return copy(graph, sub(graph, mul(graph, weight, kept), step), weight);
}
