/**
 * Rotation of each head by a Hadamard matrix, which spreads outliers over all its components, so that they are rounded
 * better (QuaRot, arXiv 2404.00456).
 */
import type { Graph } from '../ggml/graph.ts';
import { mulMat, reshape } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { Heads } from './projectHeads.ts';

/**
 * Sylvester's matrix of the largest power of two that divides `size`, along the diagonal of `[size, size]`, and scaled
 * so that it is its own inverse: products of rotated queries and keys are those of the unrotated ones.
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
 * Queries, keys and values of one attention, each head rotated by `hadamard[headSize, headSize]`; what is attended of
 * them is to be rotated back by the same.
 */
export function rotateHeads(graph: Graph, heads: Heads, hadamard: Tensor): Heads {
  const { query, key, value } = heads;
  const rotated = (tensor: Tensor): Tensor =>
    reshape(
      graph,
      mulMat(graph, hadamard, reshape(graph, tensor, [hadamard.shape[0], tensor.elements / hadamard.shape[0]])),
      tensor.shape,
    );
  return { ...heads, query: rotated(query), key: rotated(key), value: rotated(value) };
}

/** 1 where the number of bits that are set is even, else −1. */
function sign(bits: number): number {
  let result = 1;
  for (let left = bits; left > 0; left &= left - 1) result = -result;
  return result;
}
