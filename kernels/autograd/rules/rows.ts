import type { Tensor } from '../../ggml/tensor.ts';
import { getRowsBack } from '../../ggml/trainingOps.ts';
import type { Rule } from '../rule.ts';

/** Rows of a matrix: their gradients are added where they were taken from. */
export const getRowsRule: Rule = ({ graph, node, gradient }) => {
  const [a, ids] = node.sources as readonly [Tensor, Tensor];
  return [getRowsBack(graph, gradient, ids, a)];
};
