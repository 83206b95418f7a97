/** Choosing whole pages of neighbouring rows by summaries of their keys, which are cheap to score (Quest, arXiv 2406.10774). */
import type { Graph } from '../ggml/graph.ts';
import { cast, contiguous, getRows, maxRows, mulMat, permute, relu, reshape, scale, softMax, sub, topK } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { maximumOverGroup } from './observed.ts';

/** Bounds of the keys of each page, dimension by dimension: `[headSize, pages, kvHeads]`. */
export interface PageBounds {
  readonly largest: Tensor;
  readonly smallest: Tensor;
}

/** Bounds of pages of `pageRows` rows: `key[headSize, rows, kvHeads]`, `rows` a multiple of them. */
export function pageBounds(graph: Graph, key: Tensor, pageRows: number): PageBounds {
  const [headSize, rows, kvHeads] = key.shape;
  const pages = rows / pageRows;
  // [pageRows, pages, headSize, kvHeads]
  const byPage = reshape(graph, contiguous(graph, permute(graph, cast(graph, key, 'F32'), [1, 0, 2, 3])), [pageRows, pages, headSize, kvHeads]);
  const largestOf = (values: Tensor): Tensor => contiguous(graph, permute(graph, reshape(graph, maxRows(graph, values), [pages, headSize, kvHeads]), [1, 0, 2, 3]));
  return { largest: largestOf(byPage), smallest: scale(graph, largestOf(scale(graph, byPage, -1)), -1) };
}

/**
 * What pages are worth to each KV head, `[pages, kvHeads]`: the most that any of the queries `[headSize, heads, queries]` could give one of a page's rows at
 * best, softmax over pages. `mask[pages, queries]` is −∞ for pages that don't count.
 */
export function scorePages(graph: Graph, { largest, smallest }: PageBounds, queries: Tensor, mask: Tensor, factor: number): Tensor {
  const [, pages, kvHeads] = largest.shape;
  const byHead = contiguous(graph, permute(graph, queries, [0, 2, 1, 3]));
  const atBest = sub(graph, mulMat(graph, largest, relu(graph, byHead)), mulMat(graph, smallest, relu(graph, scale(graph, byHead, -1))));
  const shares = contiguous(graph, permute(graph, softMax(graph, atBest, mask, factor), [1, 0, 2, 3]));
  return maximumOverGroup(graph, reshape(graph, maxRows(graph, shares), [pages, queries.shape[1]]), kvHeads);
}

/** The rows of the `count` best pages of each KV head: `scores[pages, kvHeads]`, `rowsOfPage[pageRows, pages]` (I32) → `[pageRows · count, kvHeads]`, I32. */
export function rowsOfBestPages(graph: Graph, scores: Tensor, count: number, rowsOfPage: Tensor): Tensor {
  const kvHeads = scores.shape[1];
  const best = reshape(graph, contiguous(graph, topK(graph, scores, count)), [count * kvHeads]);
  return reshape(graph, getRows(graph, rowsOfPage, best), [rowsOfPage.shape[0] * count, kvHeads]);
}
