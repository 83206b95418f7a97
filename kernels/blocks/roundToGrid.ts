import type { Graph } from '../ggml/graph.ts';
import { add, clamp, div, maxRows, mul, reshape, scale, sqr, sqrt, sub } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** Added to a float32 of less than 2²² and taken away again, this leaves the nearest whole number. */
const ROUNDER = 1.5 * 2 ** 23;
const BITS = 8;
const LEVELS = 2 ** BITS - 1;
const SIGNED_LEVELS = 2 ** (BITS - 1) - 1;
/** What lies this far beyond the ends is still rounded onto them; its gradient passes. */
const REACH = 0.49;
/** A tensor of zeros is divided by this and stays zeros. */
const LEAST = 1e-12;

/** The least and the largest value that enter a product. */
export interface ActivationRange {
  readonly low: number;
  readonly high: number;
}

/** A grid of 8 bits for all values of a tensor: value `level` stands for `(level − zero) · step`. */
export interface Grid {
  readonly step: number;
  /** A whole number from 0 to 255, so that nothing is exactly nothing. */
  readonly zero: number;
}

/**
 * The grid from the least to the largest of some values, zero included (min–max quantisation: Jacob et al. 2018, arXiv
 * 1712.05877).
 */
export function gridOf({ low, high }: ActivationRange): Grid {
  const [bottom, top] = [Math.min(0, low), Math.max(0, high)];
  const step = Math.max((top - bottom) / LEVELS, LEAST);
  return { step, zero: Math.max(0, Math.min(LEVELS, Math.round(-bottom / step))) };
}

/**
 * `x` on a grid whose `step[1]` and `zero[1]` are tensors; what lies beyond the ends goes to them. Derivatives go
 * straight through to whatever lies within (Bengio et al. 2013, arXiv 1308.3432): those of the operations it is made of
 * are just that. Values keep their scale, so that a float product of them is that of whole numbers times steps.
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
 * A weight on the grid of signed 8 bits that reaches its largest magnitude, one step for the whole tensor. `constant`
 * builds what no derivative goes through: the step.
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

/** The least and the largest value of a tensor, each `[1]`. */
export function rangeOf(graph: Graph, x: Tensor): { readonly low: Tensor; readonly high: Tensor } {
  const flat = reshape(graph, x, [x.elements]);
  return { low: scale(graph, maxRows(graph, scale(graph, flat, -1)), -1), high: maxRows(graph, flat) };
}

const rounded = (graph: Graph, x: Tensor): Tensor => scale(graph, scale(graph, x, 1, ROUNDER), 1, -ROUNDER);
