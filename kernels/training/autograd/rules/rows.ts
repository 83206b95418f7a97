import { contiguous, fill, getRows, setRows } from '../../../ggml/ops.ts';
import type { Tensor } from '../../../ggml/tensor.ts';
import { getRowsBack } from '../../../ggml/trainingOps.ts';
import type { Rule } from '../rule.ts';

type Three = readonly [Tensor, Tensor, Tensor];

/**
 * Rows of a matrix: their gradients are added where they were taken from. Of several matrices no row may be taken
 * twice, as by a choice of experts.
 */
export const getRowsRule: Rule = ({ graph, node, gradient }) => {
  const [a, ids] = node.sources as readonly [Tensor, Tensor];
  const isOneMatrix = a.shape[2] === 1 && a.shape[3] === 1;
  return [isOneMatrix ? getRowsBack(graph, gradient, ids, a) : setRows(graph, fill(graph, a, 0), gradient, ids)];
};

/**
 * Rows that are overwritten: the gradient goes to what was written there, and for the other rows to what stood there.
 */
export const setRowsRule: Rule = ({ graph, node, gradient, needs }) => {
  const [, source, ids] = node.sources as Three;
  return [
    needs(0) ? setRows(graph, contiguous(graph, gradient), fill(graph, source, 0), ids) : undefined,
    needs(1) ? getRows(graph, gradient, ids) : undefined,
  ];
};
