import type { Graph } from '../ggml/graph.ts';
import { add, copy, l2Norm, mul, reshape, sigmoid, silu, softplus, view } from '../ggml/ops.ts';
import { gatedDeltaNet as deltaRule } from '../ggml/recurrentOps.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { StateStep } from './blockState.ts';
import { causalConvolution, type ConvolutionWeights } from './causalConvolution.ts';
import { linear, type LinearWeights } from './linear.ts';
import { norm, type NormOptions, type NormWeights } from './norm.ts';

/** `inner` is `headSize · heads`, `channels` is `inner + 2 · headSize · keyHeads`. */
export interface DeltaNetWeights {
  /** `[width, channels]`: queries, keys and values. */
  readonly input: LinearWeights;
  readonly convolution: ConvolutionWeights;
  /** `[width, heads]` */
  readonly rate: LinearWeights;
  /** `[width, heads]` */
  readonly step: LinearWeights;
  /** `[heads]` */
  readonly stepBias: Tensor;
  /** `[heads]`: the logarithm of the state's factor after a step of length 1, which is negative. */
  readonly decay: Tensor;
  /** `[width, inner]` */
  readonly gate: LinearWeights;
  /** `[headSize]` */
  readonly norm: NormWeights;
  /** `[inner, width]` */
  readonly output: LinearWeights;
}

export interface DeltaNetOptions {
  readonly heads: number;
  readonly keyHeads: number;
  readonly headSize: number;
  readonly norm: NormOptions;
}

/**
 * Gated DeltaNet (arXiv 2412.06464) in place of attention. `x[width, tokens]` keeps its shape. Reads the state before
 * the tokens, and writes the state after them.
 */
export function gatedDeltaNet(
  graph: Graph,
  x: Tensor,
  weights: DeltaNetWeights,
  step: StateStep,
  { heads, keyHeads, headSize, norm: normOptions }: DeltaNetOptions,
): Tensor {
  const tokens = x.shape[1];
  const perHead = (of: Tensor): Tensor => reshape(graph, of, [1, heads, tokens]);
  const convolved = causalConvolution(graph, linear(graph, x, weights.input), weights.convolution, step);
  const part = (first: number, count: number): Tensor =>
    view(graph, convolved, [headSize, count, tokens], {
      strides: [headSize * convolved.strides[0], convolved.strides[1], convolved.strides[2]],
      offsetBytes: first * headSize * convolved.strides[0],
    });
  const steps = softplus(graph, add(graph, linear(graph, x, weights.step), weights.stepBias));
  const { results, state } = deltaRule(graph, {
    query: l2Norm(graph, part(0, keyHeads), normOptions.epsilon),
    key: l2Norm(graph, part(keyHeads, keyHeads), normOptions.epsilon),
    value: part(2 * keyHeads, heads),
    gate: perHead(mul(graph, steps, weights.decay)),
    rate: sigmoid(graph, perHead(linear(graph, x, weights.rate))),
    state: step.before.memory,
  });
  graph.expand(copy(graph, state, step.after.memory));
  const gate = reshape(graph, linear(graph, x, weights.gate), [headSize, heads, tokens]);
  const gated = mul(graph, norm(graph, results, weights.norm, normOptions), silu(graph, gate));
  return linear(graph, reshape(graph, gated, [headSize * heads, tokens]), weights.output);
}
