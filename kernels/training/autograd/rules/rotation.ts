import type { Tensor } from '../../../ggml/tensor.ts';
import { ropeBack } from '../../../ggml/ops.ts';
import { attributesOf, type Rule } from '../rule.ts';

/** The gradient is rotated in the opposite direction. */
export const ropeRule: Rule = ({ graph, node, gradient }) => [
  ropeBack(graph, gradient, node.sources[1] as Tensor, attributesOf(node, 'rope')),
];
