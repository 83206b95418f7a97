import type { Tensor } from '../../../ggml/tensor.ts';
import { im2colBack } from '../../../ggml/trainingOps.ts';
import { attributesOf, type Rule } from '../rule.ts';

/** Windows over rows and columns: each value gets the gradients of all windows that cover it. */
export const im2colRule: Rule = ({ graph, node, gradient }) => [
  im2colBack(graph, gradient, node.sources[0] as Tensor, attributesOf(node, 'im2col')),
];
