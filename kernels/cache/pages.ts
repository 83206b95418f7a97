/** Choosing whole pages of neighbouring rows: what stands around a row that is attended is mostly wanted too (as SnapKV pools, arXiv 2404.14469). */
import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, getRows, maximumOf, maxRows, mulMat, pool, reshape, scale, softMax, topK } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** A page counts as much as the best of so many neighbouring ones: the rows that are wanted are often those behind the one that is found. */
const NEIGHBOURS = 3;
/** What its own best row adds, so that a page comes before its neighbours, and these are no ties. */
const OWN_SHARE = 0.25;

/** Blocks of tokens that choose together, and what they may choose. */
export interface PageChoice {
  readonly blocks: number;
  readonly pageRows: number;
  /** Pages that each block and KV head gets. */
  readonly chosenPages: number;
  /** `[rows, queries]`, F16, the queries of a block side by side: 0 where a query may look at a row, −∞ elsewhere. */
  readonly rowMask: Tensor;
  /** `[pages, blocks]`, F32: 0 where a block may choose a page, −∞ elsewhere. */
  readonly pageMask: Tensor;
  /** `[pageRows, pages]`, I32: the rows of each page. */
  readonly rowsOfPage: Tensor;
}

/**
 * What pages are worth to each block and KV head, `[pages, blocks, kvHeads]`: the most attention that any of its queries `[headSize, queries, kvHeads]` gives one of
 * the rows `key[headSize, rows, kvHeads]` of a page or of its neighbours, and a part of that of its own rows. `factor` scales scores before the softmax.
 */
export function scorePages(graph: Graph, key: Tensor, queries: Tensor, { blocks, pageRows, rowMask, pageMask }: PageChoice, factor: number): Tensor {
  const [, rows, kvHeads] = key.shape;
  const pages = rows / pageRows;
  const shares = softMax(graph, mulMat(graph, key, queries, { preciseF32: true }), rowMask, factor);
  const byRow = maximumOf(graph, shares, queries.shape[1] / blocks);
  const byPage = reshape(graph, maxRows(graph, reshape(graph, byRow, [pageRows, pages, blocks, kvHeads])), [pages, blocks, kvHeads]);
  return add(graph, add(graph, pool(graph, byPage, NEIGHBOURS, 'max'), scale(graph, byPage, OWN_SHARE)), pageMask);
}

/** The rows of the best pages of each block and KV head, by `scores[pages, blocks, kvHeads]`: `[pageRows · chosenPages, blocks, kvHeads]`, I32. */
export function rowsOfBestPages(graph: Graph, scores: Tensor, { chosenPages, rowsOfPage }: PageChoice): Tensor {
  const [, blocks, kvHeads] = scores.shape;
  const best = reshape(graph, contiguous(graph, topK(graph, scores, chosenPages)), [chosenPages * blocks * kvHeads]);
  return reshape(graph, getRows(graph, rowsOfPage, best), [rowsOfPage.shape[0] * chosenPages, blocks, kvHeads]);
}
