import { contiguous, fill, getRows, setRows } from '../../../ggml/ops.ts';
import type { Tensor } from '../../../ggml/tensor.ts';
import { getRowsBack } from '../../../ggml/trainingOps.ts';
import type { Rule } from '../rule.ts';

type Three = readonly [Tensor, Tensor, Tensor];

/**
 * Rows of a matrix: gradients are added to the rows that were read. With several matrices each row may be read only
 * once, as in a choice of experts.
 */
export const getRowsRule: Rule = ({ graph, node, gradient }) => {
  const [a, ids] = node.sources as readonly [Tensor, Tensor];
  const isOneMatrix = a.shape[2] === 1 && a.shape[3] === 1;
  return [isOneMatrix ? getRowsBack(graph, gradient, ids, a) : setRows(graph, fill(graph, a, 0), gradient, ids)];
};

/**
 * Overwritten rows: the gradient of these rows goes to the written values, and of all others to the previous values.
 */
export const setRowsRule: Rule = ({ graph, node, gradient, needs }) => {
  const [, source, ids] = node.sources as Three;
  return [
    needs(0) ? setRows(graph, contiguous(graph, gradient), fill(graph, source, 0), ids) : undefined,
    needs(1) ? getRows(graph, gradient, ids) : undefined,
  ];
};
