import { ShapeError } from '../../../ggml/errors.ts';
import { contiguous, mulMat, reshape } from '../../../ggml/ops.ts';
import type { Tensor } from '../../../ggml/tensor.ts';
import type { Rule } from '../rule.ts';

/**
 * `y[m, n] = a[k, m] · b[k, n]`: `∂a = b gᵀ`, summed over the columns of all batches that share a matrix, and `∂b = aᵀ
 * g`. Both are products of transposed copies, since ggml's outer product is several times slower.
 */
export const mulMatRule: Rule = ({ graph, node, gradient, needs, transposed, transposedInput }) => {
  const [a, b] = node.sources as readonly [Tensor, Tensor];
  const byFirst = (): Tensor => {
    const columns = sharedColumns(a, b);
    const inputs = reshape(graph, b.isContiguous ? b : contiguous(graph, b), [b.shape[0], ...columns]);
    const outputs = reshape(graph, gradient, [gradient.shape[0], ...columns]);
    return mulMat(graph, transposed(inputs), transposedInput(outputs));
  };
  return [needs(0) ? byFirst() : undefined, needs(1) ? mulMat(graph, transposed(a), gradient) : undefined];
};

/** Groups the columns of `b` by the matrix of `a` that multiplies them. Neighbouring batches of `b` share a matrix. */
function sharedColumns(a: Tensor, b: Tensor): [number, number, number] {
  if (a.shape[2] === 1 && a.shape[3] === 1) return [b.shape[1] * b.shape[2] * b.shape[3], 1, 1];
  if (a.shape[3] !== b.shape[3])
    throw new ShapeError(
      `mulMat: no gradient exists for ${a.toString()} repeated over dimension 3 of ${b.toString()}.`,
    );
  return [b.shape[1] * (b.shape[2] / a.shape[2]), a.shape[2], a.shape[3]];
}
