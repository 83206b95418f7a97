import type { Graph } from '../ggml/graph.ts';
import { contiguous, mulMat, permute, reshape, softMax } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

export interface AttendedTensors {
  /** `[width, tokens, n]` */
  readonly query: Tensor;
  /** `[width, rows, n]` */
  readonly key: Tensor;
  readonly value: Tensor;
  /** `[rows, tokens, 1, n]`, F32: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
}

export interface AttendProductsOptions {
  readonly heads: number;
  /** Replaces the probabilities of the softmax, `[rows, tokens, heads, n]`, for example by rounded ones. */
  readonly onShares?: (shares: Tensor) => Tensor;
}

/**
 * Attention (arXiv 1706.03762) from differentiable operations only: `[width, tokens, n]`. The keys may come from the
 * same sequence or from another.
 */
export function attendProducts(
  graph: Graph,
  { query, key, value, mask }: AttendedTensors,
  { heads, onShares = (shares) => shares }: AttendProductsOptions,
): Tensor {
  const [width, tokens, count] = query.shape;
  const headSize = width / heads;
  const byHead = (x: Tensor): Tensor =>
    permute(graph, reshape(graph, x, [headSize, heads, x.shape[1], count]), [0, 2, 1, 3]);
  // [rows, tokens, heads, n]
  const scores = mulMat(graph, byHead(key), byHead(query));
  const shares = onShares(softMax(graph, scores, mask, 1 / Math.sqrt(headSize)));
  const turned = contiguous(graph, permute(graph, byHead(value), [1, 0, 2, 3]));
  const attended = mulMat(graph, turned, shares);
  return reshape(graph, contiguous(graph, permute(graph, attended, [0, 2, 1, 3])), [width, tokens, count]);
}
