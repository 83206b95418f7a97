import type { Graph } from '../ggml/graph.ts';
import { add, clamp, div, maxRows, mul, reshape, scale, sqr, sqrt, sub } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** Adding this to a float32 below 2²² and subtracting it again rounds to the nearest integer. */
const ROUNDER = 1.5 * 2 ** 23;
const BITS = 8;
const LEVELS = 2 ** BITS - 1;
const SIGNED_LEVELS = 2 ** (BITS - 1) - 1;
/** How far values may lie beyond the ends of the grid and still pass their gradient. They are rounded to the ends. */
const REACH = 0.49;
/** The least step, so that a tensor of zeros stays zeros. */
const LEAST = 1e-12;

/** The range of the values that enter a product. */
export interface ActivationRange {
  readonly low: number;
  readonly high: number;
}

/** A grid of 8 bits for all values of a tensor: `level` stands for `(level − zero) · step`. */
export interface Grid {
  readonly step: number;
  /** An integer from 0 to 255, so that 0 is represented exactly. */
  readonly zero: number;
}

/**
 * Returns the grid of a range of values, extended to include zero (min–max quantisation: Jacob et al. 2018, arXiv
 * 1712.05877).
 */
export function gridOf({ low, high }: ActivationRange): Grid {
  const [bottom, top] = [Math.min(0, low), Math.max(0, high)];
  const step = Math.max((top - bottom) / LEVELS, LEAST);
  return { step, zero: Math.max(0, Math.min(LEVELS, Math.round(-bottom / step))) };
}

/**
 * Rounds `x` to a grid with the tensors `step[1]` and `zero[1]`, and clamps values beyond its ends.
 *
 * The gradient passes unchanged through values within the grid (straight-through estimator: Bengio et al. 2013, arXiv
 * 1308.3432). The derivatives of these operations do just that. Values keep their scale, so a float product equals an
 * integer product times steps.
 */
export function roundToGrid(
  graph: Graph,
  x: Tensor,
  { step, zero }: { readonly step: Tensor; readonly zero: Tensor },
): Tensor {
  const levels = rounded(graph, clamp(graph, add(graph, div(graph, x, step), zero), -REACH, LEVELS + REACH));
  return mul(graph, sub(graph, levels, zero), step);
}

/**
 * Rounds a weight to a grid of signed 8 bits that reaches its largest magnitude, with a single step for the whole
 * tensor. The step is built inside `constant`, which excludes it from differentiation.
 */
export function roundWeight(
  graph: Graph,
  weight: Tensor,
  constant: (build: () => Tensor) => Tensor = (build) => build(),
): Tensor {
  const step = constant(() => {
    const largest = sqrt(
      graph,
      clamp(graph, maxRows(graph, reshape(graph, sqr(graph, weight), [weight.elements])), LEAST, Infinity),
    );
    return scale(graph, largest, 1 / SIGNED_LEVELS);
  });
  return mul(graph, rounded(graph, div(graph, weight, step)), step);
}

/** The smallest and the largest value of a tensor, each `[1]`. */
export function rangeOf(graph: Graph, x: Tensor): { readonly low: Tensor; readonly high: Tensor } {
  const flat = reshape(graph, x, [x.elements]);
  return { low: scale(graph, maxRows(graph, scale(graph, flat, -1)), -1), high: maxRows(graph, flat) };
}

/** Rounds each value to the nearest integer. Magnitudes must be below 2²². */
export const rounded = (graph: Graph, x: Tensor): Tensor => scale(graph, scale(graph, x, 1, ROUNDER), 1, -ROUNDER);
