import type { Graph } from '../ggml/graph.ts';
import { clamp, contiguous, div, maxRows, mul, scale, sqr, sqrt } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** Added to a float32 of less than 2²² and taken away again, this leaves the nearest whole number. */
const ROUNDER = 1.5 * 2 ** 23;
/** Rows of zeros are divided by this and stay zeros. */
const LEAST = 1e-30;

/**
 * Each row of `x[width, …]` (a token's activations) on the grid of `bits` bits that reaches its largest magnitude:
 * symmetric absmax, zero on the grid. Values keep their scale, so that a float product of them is that of integers
 * times scales. Operations that every backend has.
 */
export function roundPerToken(graph: Graph, x: Tensor, bits: number): Tensor {
  const levels = 2 ** (bits - 1) - 1;
  const values = x.isContiguous ? x : contiguous(graph, x);
  // [1, …]
  const largest = sqrt(graph, clamp(graph, maxRows(graph, sqr(graph, values)), LEAST, Infinity));
  const step = scale(graph, largest, 1 / levels);
  const steps = scale(graph, scale(graph, div(graph, values, step), 1, ROUNDER), 1, -ROUNDER);
  return mul(graph, steps, step);
}
