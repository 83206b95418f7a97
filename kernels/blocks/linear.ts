import type { Graph } from '../ggml/graph.ts';
import { add, mulMat } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

export interface LinearWeights {
  /** `[in, out]` */
  readonly weight: Tensor;
  /** `[out]` */
  readonly bias?: Tensor;
}

/** `W x + b`: `x[in, …] → [out, …]`. */
export function linear(graph: Graph, x: Tensor, { weight, bias }: LinearWeights): Tensor {
  const product = mulMat(graph, weight, x);
  return bias ? add(graph, product, bias) : product;
}
