import type { Graph } from '../ggml/graph.ts';
import type { Im2colOptions } from '../ggml/opAttributes.ts';
import { add, concat, contiguous, fill, im2col, mulMat, permute, repeat, reshape, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

export interface Convolution2dWeights {
  /**
   * `[row, out]`: value `(channel · height + y) · width + x` of a row, for windows of `[width, height]`. Zeros may fill
   * the row up to whole blocks of a quantised type.
   */
  readonly weight: Tensor;
  /** `[out]` */
  readonly bias: Tensor;
}

/**
 * A convolution as a single matrix product: `x[width, height, channels, n] → [out, places along width, places along
 * height, n]`. Every operation is differentiable.
 */
export function convolution2d(
  graph: Graph,
  x: Tensor,
  { weight, bias }: Convolution2dWeights,
  options: Im2colOptions,
): Tensor {
  return add(graph, mulMat(graph, weight, filledUp(graph, im2col(graph, x, options), weight.shape[0])), bias);
}

/**
 * Turns the output of a convolution into the input of the next: `[channels, width, height, n] → [width, height,
 * channels, n]`.
 */
export const channelsLast = (graph: Graph, x: Tensor): Tensor => contiguous(graph, permute(graph, x, [2, 0, 1, 3]));

/**
 * A causal convolution over time: `x[channels, time, n] → [out, time − taps + 1, n]`. The caller puts the `taps − 1`
 * columns before the first output into `x`. So columns computed in pieces equal columns computed together.
 */
export function causalConvolution(graph: Graph, x: Tensor, weights: Convolution2dWeights, taps: number): Tensor {
  const [, time, count] = x.shape;
  const byChannel = contiguous(graph, permute(graph, x, [2, 0, 3, 1]));
  const y = convolution2d(graph, byChannel, weights, { kernel: [taps, 1], stride: [1, 1], padding: [0, 0] });
  return reshape(graph, y, [y.shape[0], time - taps + 1, count]);
}

/** Appends zeros to each row of `x[row, …]`, up to `length`. */
function filledUp(graph: Graph, x: Tensor, length: number): Tensor {
  const [row, width, height, count] = x.shape;
  if (row === length) return x;
  const zero = fill(graph, contiguous(graph, view(graph, x, [1])), 0);
  return concat(graph, x, repeat(graph, zero, [length - row, width, height, count]), 0);
}
