import { ShapeError } from '../ggml/errors.ts';
import type { Graph } from '../ggml/graph.ts';
import { contiguous, permute, reshape, sumRows } from '../ggml/ops.ts';
import type { Shape, Tensor } from '../ggml/tensor.ts';

/**
 * Sums `a` over the dimensions in which `shape` is 1: the gradient of a broadcast. `a` must be contiguous. Throws
 * `ShapeError` if another dimension differs.
 */
export function sumTo(graph: Graph, a: Tensor, shape: Shape): Tensor {
  const differing = [0, 1, 2, 3].filter((dimension) => a.shape[dimension] !== shape[dimension]);
  if (differing.length === 0) return a;
  if (differing.some((dimension) => shape[dimension] !== 1))
    throw new ShapeError(`sumTo: ${a.toString()} is not [${shape.join(', ')}] repeated along whole dimensions.`);
  let sum = a;
  const first = differing[0] as number;
  if (
    differing.length > 1 &&
    differing.every((dimension, index) => dimension === first + index) &&
    shape.slice(first).every((extent) => extent === 1)
  ) {
    // The last dimensions are all summed, as a single long dimension.
    const kept = a.shape.slice(0, first);
    sum = sumDimension(graph, reshape(graph, a, [...kept, a.elements / product(kept)]), first);
  } else {
    for (const dimension of differing) sum = sumDimension(graph, sum, dimension);
  }
  return reshape(graph, sum, shape);
}

function sumDimension(graph: Graph, a: Tensor, dimension: number): Tensor {
  if (dimension === 0) return sumRows(graph, a);
  const axes: [number, number, number, number] = [0, 1, 2, 3];
  axes[0] = dimension;
  axes[dimension] = 0;
  const summed = sumRows(graph, contiguous(graph, permute(graph, a, axes)));
  return contiguous(graph, permute(graph, summed, axes));
}

const product = (extents: readonly number[]): number => extents.reduce((result, extent) => result * extent, 1);
