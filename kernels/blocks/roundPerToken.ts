import type { Graph } from '../ggml/graph.ts';
import { clamp, contiguous, div, maxRows, mul, scale, sqr, sqrt } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { rounded } from './roundToGrid.ts';

/** The least divisor, so that rows of zeros stay zeros. */
const LEAST = 1e-30;

/**
 * Rounds each row of `x[width, …]` (a token's activations) to a grid of `bits` bits that reaches the row's largest
 * magnitude: symmetric absmax, with zero on the grid. Values keep their scale, so a float product equals an integer
 * product times scales. Every backend has these operations.
 */
export function roundPerToken(graph: Graph, x: Tensor, bits: number): Tensor {
  const levels = 2 ** (bits - 1) - 1;
  const values = x.isContiguous ? x : contiguous(graph, x);
  // [1, …]
  const largest = sqrt(graph, clamp(graph, maxRows(graph, sqr(graph, values)), LEAST, Infinity));
  const step = scale(graph, largest, 1 / levels);
  return mul(graph, rounded(graph, div(graph, values, step)), step);
}
