import type { Graph } from '../ggml/graph.ts';
import { reshape, scale, sqr, sumRows } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** Magnitudes well below this cost almost nothing. */
const REACH = 3;

/**
 * The outlier loss of a block's output, a single value: `weight · mean((x ⁄ 3)⁴)`. It is near zero for usual
 * activations and large for outliers, as in TWEO (arXiv 2511.23225).
 */
export function outlierLoss(graph: Graph, x: Tensor, weight: number): Tensor {
  const fourth = sqr(graph, sqr(graph, scale(graph, x, 1 / REACH)));
  const rows = sumRows(graph, fourth);
  return scale(graph, sumRows(graph, reshape(graph, rows, [rows.elements])), weight / x.elements);
}
