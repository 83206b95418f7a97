import type { Graph } from '../ggml/graph.ts';
import { add, concat, copy, silu, transpose, view } from '../ggml/ops.ts';
import { channelConvolution } from '../ggml/recurrentOps.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { StateStep } from './blockState.ts';

/** The weights of a convolution along the tokens. */
export interface ConvolutionWeights {
  /** `[kernel, channels]` */
  readonly weight: Tensor;
  /** `[channels]` */
  readonly bias?: Tensor;
}

/**
 * Convolves each channel of `x[channels, tokens]` with the values of the tokens before, and activates it by SiLU. Keeps
 * the last values for the next evaluation.
 */
export function causalConvolution(
  graph: Graph,
  x: Tensor,
  { weight, bias }: ConvolutionWeights,
  { before, after }: StateStep,
): Tensor {
  const [held, channels] = before.convolution.shape;
  const tokens = x.shape[1];
  const values = concat(graph, before.convolution, transpose(graph, x), 0);
  const last = view(graph, values, [held, channels], { offsetBytes: tokens * values.strides[0] });
  graph.expand(copy(graph, last, after.convolution));
  const convolved = channelConvolution(graph, values, weight);
  return silu(graph, bias ? add(graph, convolved, bias) : convolved);
}
