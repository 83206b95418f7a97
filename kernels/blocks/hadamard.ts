/**
 * Rotation of each head by a Hadamard matrix. It spreads outliers over all components, so that rounding costs less
 * (QuaRot, arXiv 2404.00456).
 */
import type { Graph } from '../ggml/graph.ts';
import { mulMat, reshape } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { choosingQueries, type Heads } from './projectHeads.ts';

/**
 * A block-diagonal matrix `[size, size]` of Sylvester's matrices, of the largest power of two that divides `size`. It
 * is scaled to be its own inverse, so rotated queries and keys have the same products as the originals.
 */
export function hadamardMatrix(size: number): Float32Array {
  const order = size & -size;
  const matrix = new Float32Array(size * size);
  for (let row = 0; row < size; row++) {
    const first = row - (row % order);
    for (let column = first; column < first + order; column++)
      matrix[row * size + column] = sign(row & column & (order - 1)) / Math.sqrt(order);
  }
  return matrix;
}

/**
 * Rotates each head of an attention's queries, keys and values by `hadamard[headSize, headSize]`. The attention's
 * result must be rotated back by the same matrix.
 */
export function rotateHeads(graph: Graph, heads: Heads, hadamard: Tensor): Heads {
  const { query, key, value } = heads;
  const rotated = (tensor: Tensor): Tensor =>
    reshape(
      graph,
      mulMat(graph, hadamard, reshape(graph, tensor, [hadamard.shape[0], tensor.elements / hadamard.shape[0]])),
      tensor.shape,
    );
  return {
    ...heads,
    query: rotated(query),
    key: rotated(key),
    value: rotated(value),
    choosing:
      heads.choosing &&
      (() => {
        const choosing = choosingQueries(heads);
        return { ...choosing, query: rotated(choosing.query) };
      }),
  };
}

/** 1 if the number of set bits is even, else −1. */
function sign(bits: number): number {
  let result = 1;
  for (let left = bits; left > 0; left &= left - 1) result = -result;
  return result;
}
