import { CustomMatrix } from '../ggml/customMatrix.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, mulMat } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { lowRank, type LowRankMatrix } from './lowRank.ts';

/** `[in, out]`: values. In training also factors, instead of the values or beside them. */
export type Matrix = Tensor | LowRankMatrix;

export interface LinearWeights {
  /** `[in, out]` */
  readonly weight: Matrix;
  /** `[out]` */
  readonly bias?: Tensor;
  /** Whether GPUs must sum in float32. By default they may sum in float16. */
  readonly preciseF32?: boolean;
}

/** `W x + b`: `x[in, …] → [out, …]`. */
export function linear(graph: Graph, x: Tensor, { weight, bias, preciseF32 }: LinearWeights): Tensor {
  if (bias && weight instanceof CustomMatrix) return mulMat(graph, weight, x, { sums: { bias } });
  const product = multiply(graph, weight, x, { preciseF32 });
  return bias ? add(graph, product, bias) : product;
}

/** `W x`: `x[in, …] → [out, …]`. */
export function multiply(
  graph: Graph,
  matrix: Matrix,
  x: Tensor,
  options: Pick<LinearWeights, 'preciseF32'> = {},
): Tensor {
  return 'down' in matrix ? lowRank(graph, x, matrix, options) : mulMat(graph, matrix, x, options);
}
