import type { Graph } from '../ggml/graph.ts';
import { add, addId, contiguous, mul, mulMatId, reshape, swiglu, swigluClamped, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { chooseExperts, type GateMode, type Router, type ScoreKind } from './gates.ts';

/** The stacked matrices of all experts, `[in, out, experts]`, and their biases, `[out, experts]`. */
export interface ExpertLinearWeights {
  readonly weight: Tensor;
  readonly bias?: Tensor;
}

export interface ExpertWeights extends Router {
  /** `[width, hidden, experts]` */
  readonly gate: ExpertLinearWeights;
  /** `[width, hidden, experts]` */
  readonly up: ExpertLinearWeights;
  /** `[hidden, width, experts]` */
  readonly down: ExpertLinearWeights;
}

export interface MixtureOptions {
  readonly expertsUsed: number;
  readonly gateMode: GateMode;
  /** Default: 'softmax'. */
  readonly score?: ScoreKind;
  /** The factor of the gates. Default: 1. */
  readonly gateScale?: number;
  /** Default: 'silu'. */
  readonly activation?: ExpertActivation;
}

/** The activation between the matrices of an expert. `clampedSilu` is that of gpt-oss (arXiv 2508.10925). */
export type ExpertActivation = 'silu' | 'clampedSilu';

/**
 * Sparse mixture of experts (arXiv 1701.06538, 2401.04088): the `expertsUsed` experts with the highest scores run. The
 * shape of `x[width, tokens]` is kept.
 */
export function mixtureOfExperts(graph: Graph, x: Tensor, weights: ExpertWeights, options: MixtureOptions): Tensor {
  const [width, tokens] = x.shape;
  const { expertsUsed, gateMode, score, gateScale, activation = 'silu' } = options;
  const { experts, gates } = chooseExperts(graph, x, weights, { expertsUsed, mode: gateMode, score, gateScale });
  const product = (input: Tensor, { weight, bias }: ExpertLinearWeights): Tensor => {
    const result = mulMatId(graph, weight, input, experts);
    return bias ? addId(graph, result, bias, experts) : result;
  };

  const input = reshape(graph, x, [width, 1, tokens]);
  const activate = activation === 'silu' ? swiglu : swigluClamped;
  const hidden = activate(graph, product(input, weights.gate), product(input, weights.up));
  const outputs = mul(graph, product(hidden, weights.down), reshape(graph, gates, [1, expertsUsed, tokens]));
  const slot = (index: number): Tensor =>
    view(graph, outputs, [width, tokens], {
      strides: [outputs.strides[2], 0, 0],
      offsetBytes: index * outputs.strides[1],
    });
  if (expertsUsed === 1) return contiguous(graph, slot(0));
  let sum = add(graph, slot(0), slot(1));
  for (let index = 2; index < expertsUsed; index++) sum = add(graph, sum, slot(index));
  return sum;
}
