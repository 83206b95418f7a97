import type { Graph } from '../ggml/graph.ts';
import { add, mul, norm as meanVarianceNorm, rmsNorm } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

export interface NormWeights {
  /** `[width]` */
  readonly weight: Tensor;
  /** `[width]` */
  readonly bias?: Tensor;
}

export interface NormOptions {
  readonly kind: 'rms' | 'layer';
  readonly epsilon: number;
}

/** Normalises each row of `x[width, …]`, then scales and shifts it. */
export function norm(graph: Graph, x: Tensor, { weight, bias }: NormWeights, { kind, epsilon }: NormOptions): Tensor {
  const normalised = kind === 'rms' ? rmsNorm(graph, x, epsilon) : meanVarianceNorm(graph, x, epsilon);
  const scaled = mul(graph, normalised, weight);
  return bias ? add(graph, scaled, bias) : scaled;
}
