import { contiguous, fill, permute, repeat, reshape, view } from '../../../ggml/ops.ts';
import type { Tensor } from '../../../ggml/tensor.ts';
import { addToWindow } from '../../../ggml/trainingOps.ts';
import { attributesOf, NotDifferentiableError, type Rule } from '../rule.ts';
import { sumTo } from '../../../blocks/sumTo.ts';

/** Reshape, permutation or window: the gradient goes back to the values' places in the source. */
export const viewRule: Rule = ({ graph, node, gradient }) => {
  const source = node.sources[0] as Tensor;
  const attributes = attributesOf(node, 'view');
  switch (attributes.kind) {
    case 'reshape':
      return [reshape(graph, gradient, source.shape)];
    case 'permute':
      return [contiguous(graph, permute(graph, gradient, inverse(attributes.axes)))];
    case 'window':
      if (!source.isContiguous)
        throw new NotDifferentiableError(
          `view: a window into ${source.toString()} with gaps has no gradient. Make it contiguous first.`,
        );
      return [addToWindow(graph, fill(graph, source, 0), gradient, attributes)];
  }
};

function inverse(axes: readonly [number, number, number, number]): [number, number, number, number] {
  const result: [number, number, number, number] = [0, 0, 0, 0];
  axes.forEach((axis, dimension) => (result[axis] = dimension));
  return result;
}

/** A copy in any type keeps its values, so the gradient passes unchanged. */
export const copyRule: Rule = ({ node, gradient }) => {
  if (node.sources.length > 1)
    throw new NotDifferentiableError(
      `copy: ${node.sources.map(String).join(' into ')} has no gradient, since it overwrites its target. Use cast or contiguous.`,
    );
  return [gradient];
};

/** Repetition: the gradients of all copies are added. */
export const repeatRule: Rule = ({ graph, node, gradient }) => [
  sumTo(graph, gradient, (node.sources[0] as Tensor).shape),
];

/** Sums along rows: each value of a row gets the row's gradient. */
export const sumRowsRule: Rule = ({ graph, node, gradient }) => [
  repeat(graph, gradient, (node.sources[0] as Tensor).shape),
];

/** Concatenation: the gradient of each part is its window. */
export const concatRule: Rule = ({ graph, node, gradient, needs }) => {
  const { dimension } = attributesOf(node, 'concat');
  let offsetBytes = 0;
  return node.sources.map((source, index) => {
    const window = { strides: [gradient.strides[1], gradient.strides[2], gradient.strides[3]] as const, offsetBytes };
    offsetBytes += source.shape[dimension] * gradient.strides[dimension];
    return needs(index) ? contiguous(graph, view(graph, gradient, source.shape, window)) : undefined;
  });
};
