import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, copy, mul, reshape, swiglu, view } from '../ggml/ops.ts';
import { stateScan } from '../ggml/recurrentOps.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { StateStep } from './blockState.ts';
import { causalConvolution, type ConvolutionWeights } from './causalConvolution.ts';
import { linear, type LinearWeights } from './linear.ts';
import { norm, type NormOptions, type NormWeights } from './norm.ts';

/** `inner` is `headSize · heads`, `channels` is `inner + 2 · groups · stateSize`. */
export interface Mamba2Weights {
  /** `[width, inner + channels + heads]`: the gate, the convolved channels, and the steps. */
  readonly input: LinearWeights;
  readonly convolution: ConvolutionWeights;
  /** `[heads]` */
  readonly stepBias: Tensor;
  /** `[1, heads]`: the logarithm of the state's factor, which is negative. */
  readonly decay: Tensor;
  /** `[1, heads]`: the factor of the input in the result. */
  readonly skip: Tensor;
  /** `[inner / groups, groups]` */
  readonly norm: NormWeights;
  /** `[inner, width]` */
  readonly output: LinearWeights;
}

export interface Mamba2Options {
  readonly heads: number;
  readonly headSize: number;
  readonly stateSize: number;
  readonly groups: number;
  readonly norm: NormOptions;
}

/**
 * The mixer of Mamba-2 (arXiv 2405.21060) in place of attention. `x[width, tokens]` keeps its shape. Reads the state
 * before the tokens, and writes the state after them.
 */
export function mamba2(
  graph: Graph,
  x: Tensor,
  weights: Mamba2Weights,
  step: StateStep,
  { heads, headSize, stateSize, groups, norm: normOptions }: Mamba2Options,
): Tensor {
  const tokens = x.shape[1];
  const inner = heads * headSize;
  const channels = inner + 2 * groups * stateSize;
  /** A part of each row of `of`, in heads or groups of `extents[0]` elements. */
  const part = (of: Tensor, first: number, extents: readonly [number, number]): Tensor =>
    view(graph, of, [...extents, tokens], {
      strides: [extents[0] * of.strides[0], of.strides[1], of.strides[2]],
      offsetBytes: first * of.strides[0],
    });

  const projected = linear(graph, x, weights.input);
  const gate = contiguous(graph, part(projected, 0, [headSize, heads]));
  const mixed = view(graph, projected, [channels, tokens], { offsetBytes: inner * projected.strides[0] });
  const steps = view(graph, projected, [heads, tokens], { offsetBytes: (inner + channels) * projected.strides[0] });
  const convolved = causalConvolution(graph, mixed, weights.convolution, step);
  const values = part(convolved, 0, [headSize, heads]);
  const { results, state } = stateScan(graph, {
    state: step.before.memory,
    x: values,
    step: add(graph, contiguous(graph, steps), weights.stepBias),
    decay: weights.decay,
    input: part(convolved, inner, [stateSize, groups]),
    output: part(convolved, inner + groups * stateSize, [stateSize, groups]),
    stateId: step.stateId,
  });
  graph.expand(copy(graph, state, step.after.memory));
  const gated = swiglu(graph, gate, add(graph, results, mul(graph, values, weights.skip)));
  const normed = norm(graph, reshape(graph, gated, [inner / groups, groups, tokens]), weights.norm, normOptions);
  return linear(graph, reshape(graph, normed, [inner, tokens]), weights.output);
}
