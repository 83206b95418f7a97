import { div, mul, scale, step } from '../../../ggml/ops.ts';
import { attributesOf, type Rule } from '../rule.ts';
import { sumTo } from '../../../blocks/sumTo.ts';
import type { Tensor } from '../../../ggml/tensor.ts';

type Pair = readonly [Tensor, Tensor];

/** `a + b`: the gradient goes to both. */
export const addRule: Rule = ({ graph, node, gradient, needs }) => {
  const [, b] = node.sources as Pair;
  return [gradient, needs(1) ? sumTo(graph, gradient, b.shape) : undefined];
};

/** `a − b`. */
export const subRule: Rule = ({ graph, node, gradient, needs }) => {
  const [, b] = node.sources as Pair;
  return [gradient, needs(1) ? scale(graph, sumTo(graph, gradient, b.shape), -1) : undefined];
};

/** `a · b`: `g b` and `g a`. */
export const mulRule: Rule = ({ graph, node, gradient, needs }) => {
  const [a, b] = node.sources as Pair;
  return [
    needs(0) ? mul(graph, gradient, b) : undefined,
    needs(1) ? sumTo(graph, mul(graph, gradient, a), b.shape) : undefined,
  ];
};

/** `a ⁄ b`: `g ⁄ b` and `−g a ⁄ b²`. */
export const divRule: Rule = ({ graph, node, gradient, needs }) => {
  const [, b] = node.sources as Pair;
  const byNumerator = div(graph, gradient, b);
  const byDenominator = (): Tensor =>
    scale(graph, sumTo(graph, div(graph, mul(graph, gradient, node.result), b), b.shape), -1);
  return [needs(0) ? byNumerator : undefined, needs(1) ? byDenominator() : undefined];
};

/** `a · factor + bias`. */
export const scaleRule: Rule = ({ graph, node, gradient }) => [
  scale(graph, gradient, attributesOf(node, 'scale').factor),
];

/** `a²`: `2 g a`. */
export const sqrRule: Rule = ({ graph, node, gradient }) => [
  scale(graph, mul(graph, gradient, node.sources[0] as Tensor), 2),
];

/** `√a`: `g ⁄ 2√a`. */
export const sqrtRule: Rule = ({ graph, node, gradient }) => [scale(graph, div(graph, gradient, node.result), 0.5)];

/** `eᵃ`: `g eᵃ`. */
export const expRule: Rule = ({ graph, node, gradient }) => [mul(graph, gradient, node.result)];

/** `ln a`: `g ⁄ a`. */
export const logRule: Rule = ({ graph, node, gradient }) => [div(graph, gradient, node.sources[0] as Tensor)];

/** `a` clamped to bounds: the gradient passes only between them. */
export const clampRule: Rule = ({ graph, node, gradient }) => {
  const a = node.sources[0] as Tensor;
  const { minimum, maximum } = attributesOf(node, 'clamp');
  const above = Number.isFinite(minimum) ? mul(graph, gradient, step(graph, scale(graph, a, 1, -minimum))) : gradient;
  return [Number.isFinite(maximum) ? mul(graph, above, step(graph, scale(graph, a, -1, maximum))) : above];
};

/** `fill` depends only on a shape. */
export const fillRule: Rule = () => [undefined];

/** A step function has no slope. */
export const stepRule: Rule = () => [undefined];
