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

/** Coefficients of the quintic that brings singular values from 0 to 1 close to 1 in few iterations. */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const ITERATIONS = 5;
const EPSILON = 1e-7;
/**
 * The size of a step's values, times the root of the longer side. It equals the size of AdamW's steps, so that a single
 * rate serves both (arXiv 2502.16982).
 */
const REACH = 0.2;

/** The maximum number of nodes that a step adds to a graph. */
export const MUON_NODES = 96;

/**
 * Orthogonalises each matrix of `a[columns, rows, …]` by Newton–Schulz iteration. The singular vectors stay. All
 * singular values approach one; these coefficients bring them to about 0.7 to 1.2.
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

/** The settings of a step besides the parameter's tensors. */
export interface MuonSettings {
  /** `[1]` */
  readonly rate: Tensor;
  /** `[1]`: the share of a weight that the step keeps, 1 − rate · decay. */
  readonly kept: Tensor;
  readonly momentum: number;
  readonly productType: 'F32' | 'BF16';
}

/**
 * A step of Muon with Nesterov's momentum (Jordan and others, 2024), in place on `weight` and `velocity`. Decay and
 * step size follow arXiv 2502.16982.
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
