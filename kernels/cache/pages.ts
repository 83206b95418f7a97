/**
 * Chooses whole pages of neighbouring rows, since rows around an attended row are mostly attended too (as SnapKV pools,
 * arXiv 2404.14469).
 */
import { areAdjacent, cacheHeads, headsOf, pagesOf, type HeadRun } from '../blocks/attendCache.ts';
import type { Graph } from '../ggml/graph.ts';
import {
  add,
  concat,
  contiguous,
  getRows,
  maximum,
  maximumOf,
  maxRows,
  mul,
  mulMat,
  pool,
  repeat,
  reshape,
  scale,
  softMax,
  topK,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { isQuantised } from '../ggml/types.ts';

/**
 * A page scores as the best of this many neighbours. The rows that are needed are often behind the row that is found.
 */
const NEIGHBOURS = 3;
/** The share of its own score that is added, so that a page comes before its neighbours without ties. */
export const OWN_SHARE = 0.25;

/** Blocks of tokens that choose together, and the pages that they may choose. */
export interface PageChoice {
  readonly blocks: number;
  readonly pageRows: number;
  /** How many neighbouring rows share a key, their mean; 1: each has its own. Divides `pageRows`. */
  readonly meanRows: number;
  /** The number of pages for each block and KV head. */
  readonly chosenPages: number;
  /** `[pages, queries]`, F16, the queries of a block side by side: 0 where a query may score a page, −∞ elsewhere. */
  readonly queryMask: Tensor;
  /** `[pages, blocks]`, F32: 0 where a block may choose a page, −∞ where not, and above all scores where it must. */
  readonly pageMask: Tensor;
}

/** The queries that choose among the rows of a cache. */
export interface Voters {
  /** `[headSize, queries, kvHeads]` */
  readonly queries: Tensor;
  /** `[1, queries, kvHeads]`: the weight of each query; absent: all the same. */
  readonly votes?: Tensor;
}

/** The keys that pages are scored by, in the layout of their cache, or a view of them. */
export interface PageKeys {
  readonly key: Tensor;
  /**
   * Whether the first keys of all pages are before the second ones. Otherwise the keys of a page are one behind the
   * other.
   */
  readonly isByPlane?: boolean;
}

/**
 * Returns the keys of the candidate pages for all `kvHeads` heads of a layer, or for those of `run`: `[headSize, keys,
 * heads]`, or by planes `[headSize, pages, pageKeys, heads]`.
 */
export function pageKeysOf(
  graph: Graph,
  { key, isByPlane }: PageKeys,
  { pageRows, meanRows, queryMask }: PageChoice,
  {
    headSize,
    kvHeads,
    run = { first: 0, count: kvHeads },
  }: { readonly headSize: number; readonly kvHeads: number; readonly run?: HeadRun },
): PageKeys {
  const [pages, pageKeys] = [queryMask.shape[0], pageRows / meanRows];
  if (!isByPlane) {
    const keys = cacheHeads(graph, key, pages * pageKeys, headSize, kvHeads);
    return { key: run.count === kvHeads ? keys : headsOf(graph, keys, run) };
  }
  const [, rowStride, headStride] = cacheHeads(graph, key, key.shape[1], headSize, kvHeads).strides;
  const planeStride = (key.shape[1] / pageKeys) * rowStride;
  return {
    key: view(graph, key, [headSize, pages, pageKeys, run.count], {
      strides: [rowStride, planeStride, headStride],
      offsetBytes: run.first * headStride,
    }),
    isByPlane,
  };
}

/** Returns the place of a key by planes, for `pages` pages with `pageKeys` keys each. */
export function planePlace(
  index: number,
  { pages, pageKeys }: { readonly pages: number; readonly pageKeys: number },
): number {
  return (index % pageKeys) * pages + Math.floor(index / pageKeys);
}

/**
 * Returns the score of each page for each block and KV head, `[pages, blocks, kvHeads]`. It is the most attention that
 * a query of the block gives the page or a neighbour, weighted by its vote. A share of the page's own is added.
 *
 * The best key of a page stands for it, also in the softmax. The other keys would change how queries compare, but not
 * how pages do. A key belongs to a row, or is the mean of `meanRows` rows. `factor` scales scores before the softmax.
 */
export function scorePages(
  graph: Graph,
  scored: PageKeys,
  { queries, votes }: Voters,
  { blocks, pageRows, meanRows, queryMask, pageMask }: PageChoice,
  factor: number,
): Tensor {
  const bestKeys = scored.isByPlane
    ? bestOfPlanes(graph, scored.key, queries)
    : bestOfRows(graph, scored.key, queries, pageRows / meanRows);
  const shares = softMax(graph, bestKeys, queryMask, factor);
  const byPage = maximumOf(graph, votes ? mul(graph, shares, votes) : shares, queries.shape[1] / blocks);
  return add(graph, add(graph, pool(graph, byPage, NEIGHBOURS, 'max'), scale(graph, byPage, OWN_SHARE)), pageMask);
}

/**
 * Returns the best score of each `pageKeys` neighbouring keys: `key[headSize, keys, kvHeads], queries[headSize,
 * queries, kvHeads] → [pages, queries, kvHeads]`.
 */
function bestOfRows(graph: Graph, key: Tensor, queries: Tensor, pageKeys: number): Tensor {
  const [, keys, kvHeads] = key.shape;
  const bestOf = (someKeys: Tensor, someQueries: Tensor): Tensor => {
    const byKey = mulMat(graph, someKeys, someQueries, { preciseF32: true });
    const shape = [keys / pageKeys, someQueries.shape[1], byKey.shape[2]] as const;
    return reshape(graph, maxRows(graph, reshape(graph, byKey, [pageKeys, ...shape])), shape);
  };
  // On Vulkan, quantised matrices are multiplied without gaps only, and a cache's heads have gaps. So they are
  // multiplied one after another.
  if (kvHeads === 1 || !isQuantised(key.type) || !graph.mayRunOn('vulkan')) return bestOf(key, queries);
  return Array.from({ length: kvHeads }, (_, head) =>
    bestOf(matrixOf(graph, key, head), matrixOf(graph, queries, head)),
  ).reduce((before, next) => concat(graph, before, next, 2));
}

/**
 * As `bestOfRows`, for `key[headSize, pages, pageKeys, kvHeads]`. The larger of two planes is taken until one is left:
 * whole rows of pages at once, where ggml's pooling compares number by number.
 */
function bestOfPlanes(graph: Graph, key: Tensor, queries: Tensor): Tensor {
  const [headSize, pages, pageKeys, kvHeads] = key.shape;
  const queryCount = queries.shape[1];
  const ofPlanes = repeat(graph, reshape(graph, queries, [headSize, queryCount, 1, kvHeads]), [
    headSize,
    queryCount,
    pageKeys,
    kvHeads,
  ]);
  let best = mulMat(graph, key, ofPlanes, { preciseF32: true });
  for (let planes = pageKeys; planes > 1; planes = best.shape[2]) {
    const [, rowStride, planeStride, headStride] = best.strides;
    const from = (first: number, count: number): Tensor =>
      view(graph, best, [pages, queryCount, count, kvHeads], {
        strides: [rowStride, planeStride, headStride],
        offsetBytes: first * planeStride,
      });
    const half = Math.floor(planes / 2);
    const larger = maximum(graph, from(0, half), from(half, half));
    best = planes % 2 === 0 ? larger : concat(graph, larger, from(planes - 1, 1), 2);
  }
  return reshape(graph, best, [pages, queryCount, kvHeads]);
}

/** Returns a matrix of a stack. */
function matrixOf(graph: Graph, stack: Tensor, index: number): Tensor {
  const [columns, rows] = stack.shape;
  const [, rowStride, stackStride] = stack.strides;
  return view(graph, stack, [columns, rows], {
    strides: [rowStride, rowStride * rows, rowStride * rows],
    offsetBytes: index * stackStride,
  });
}

/**
 * Returns the best pages of each block and KV head by `scores[pages, blocks, kvHeads]`: `[chosenPages, blocks,
 * kvHeads]`, I32.
 */
export function bestPages(graph: Graph, scores: Tensor, { chosenPages }: PageChoice): Tensor {
  return contiguous(graph, topK(graph, scores, chosenPages));
}

/**
 * Returns the rows of `pages[count, blocks, kvHeads]`, given the rows of each page `rowsOfPage[pageRows, pages]` (I32):
 * `[pageRows · count, blocks, kvHeads]`.
 */
export function rowsOfPages(graph: Graph, pages: Tensor, rowsOfPage: Tensor): Tensor {
  const [count, blocks, kvHeads] = pages.shape;
  return reshape(graph, getRows(graph, rowsOfPage, reshape(graph, pages, [pages.elements])), [
    rowsOfPage.shape[0] * count,
    blocks,
    kvHeads,
  ]);
}

/** How pages are gathered. */
export interface PageRows {
  readonly pageRows: number;
  /**
   * Returns `[pageRows, pages]`, I32: the rows of each page. It is called only if they are not one behind the other;
   * otherwise a page is gathered at once.
   */
  readonly rowsOfPage: () => Tensor;
}

/**
 * Gathers pages that were chosen block by block and head by head, `pages[count, blocks, kvHeads]` (I32), from
 * `heads[headSize, rows, kvHeads]`: `[headSize, pageRows · count · blocks, kvHeads]`, F32.
 */
export function pageGatherer(
  graph: Graph,
  pages: Tensor,
  { pageRows, rowsOfPage }: PageRows,
): (heads: Tensor) => Tensor {
  const [count, blocks, kvHeads] = pages.shape;
  let rows: Tensor | undefined;
  return (heads) => {
    if (!areAdjacent(heads))
      return getRows(
        graph,
        heads,
        (rows ??= reshape(graph, rowsOfPages(graph, pages, rowsOfPage()), [pageRows * count * blocks, kvHeads])),
      );
    return reshape(
      graph,
      getRows(graph, pagesOf(graph, heads, pageRows), reshape(graph, pages, [count * blocks, kvHeads])),
      [heads.shape[0], pageRows * count * blocks, kvHeads],
    );
  };
}
