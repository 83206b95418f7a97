import { add, gelu, mul, scale, silu, sqr, step, sub, tanh } from '../../../ggml/ops.ts';
import type { Graph } from '../../../ggml/graph.ts';
import type { Tensor } from '../../../ggml/tensor.ts';
import { siluBack } from '../../../ggml/trainingOps.ts';
import type { Rule } from '../rule.ts';

type Pair = readonly [Tensor, Tensor];

export const siluRule: Rule = ({ graph, node, gradient }) => [siluBack(graph, gradient, node.sources[0] as Tensor)];

/** `max(a, 0)`: the gradient passes where `a` is above zero. */
export const reluRule: Rule = ({ graph, node, gradient }) => [mul(graph, gradient, step(graph, node.result))];

/** `σ(a)`: `g σ (1 − σ)`. */
export const sigmoidRule: Rule = ({ graph, node, gradient }) => [
  mul(graph, gradient, sub(graph, node.result, sqr(graph, node.result))),
];

/** `tanh a`: `g (1 − tanh² a)`. */
export const tanhRule: Rule = ({ graph, node, gradient }) => [
  mul(graph, gradient, scale(graph, sqr(graph, node.result), -1, 1)),
];

export const geluRule: Rule = ({ graph, node, gradient }) => [
  mul(graph, gradient, geluSlope(graph, node.sources[0] as Tensor)),
];

/** `silu(gate) · up`. */
export const swigluRule: Rule = ({ graph, node, gradient, needs }) => {
  const [gate, up] = node.sources as Pair;
  return [
    needs(0) ? siluBack(graph, mul(graph, gradient, up), gate) : undefined,
    needs(1) ? mul(graph, gradient, silu(graph, gate)) : undefined,
  ];
};

/** `gelu(gate) · up`. */
export const gegluRule: Rule = ({ graph, node, gradient, needs }) => {
  const [gate, up] = node.sources as Pair;
  return [
    needs(0) ? mul(graph, mul(graph, gradient, up), geluSlope(graph, gate)) : undefined,
    needs(1) ? mul(graph, gradient, gelu(graph, gate)) : undefined,
  ];
};

const SLOPE = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;

/**
 * The derivative of GELU's tanh form, which ggml computes (arXiv 1606.08415). With t = tanh(√(2⁄π) (x + c x³)): ½(1 +
 * t) + ½x (1 − t²) √(2⁄π) (1 + 3c x²).
 */
function geluSlope(graph: Graph, x: Tensor): Tensor {
  const square = sqr(graph, x);
  const t = tanh(graph, mul(graph, x, scale(graph, square, SLOPE * CUBE, SLOPE)));
  const inner = mul(graph, x, scale(graph, square, 1.5 * SLOPE * CUBE, 0.5 * SLOPE));
  return add(graph, scale(graph, t, 0.5, 0.5), mul(graph, inner, scale(graph, sqr(graph, t), -1, 1)));
}
