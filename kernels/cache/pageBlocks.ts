/** Attention of a prompt's tokens block by block: each block attends pages of a cache that its own queries choose, and what stands just before it. */
import { cacheHeads, type AttendOptions, type LayerCache } from '../blocks/attendCache.ts';
import type { Graph } from '../ggml/graph.ts';
import { cast, concat, contiguous, flashAttention, getRows, maximumOf, mulMat, permute, relu, reshape, scale, softMax, sub, topK, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { PageBounds } from './pages.ts';

/** Blocks of equal length, and what they may attend. */
export interface PageBlocks {
  readonly blocks: number;
  readonly blockTokens: number;
  /** Pages that each block and KV head attends. */
  readonly chosenPages: number;
  /** Every so many tokens' queries choose, the block's last among them; divides `blockTokens`. */
  readonly voteStride: number;
  /** `[pages, group · votes · blocks]`, F32: 0 where a query may choose a page, −∞ elsewhere. */
  readonly pageMask: Tensor;
  /** `[pageRows, pages]`, I32: the rows of each page. */
  readonly rowsOfPage: Tensor;
  /** `[windowRows, blocks, kvHeads]`, I32: rows that a block attends besides, its own among them. */
  readonly windowRows: Tensor;
  /** `[pageRows · chosenPages + windowRows, blockTokens, 1, blocks]`, F16: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
}

/**
 * `query[headSize, heads, blockTokens · blocks]`, the heads of one KV head side by side → `[headSize, heads, blockTokens · blocks]`. A page is worth to a KV
 * head of a block what it is worth to that of the block's queries to which it is worth most, as in `scorePages`. `bounds` are of as many pages as `pageMask` has.
 */
export function attendPageBlocks(graph: Graph, query: Tensor, cache: LayerCache, bounds: PageBounds, pageBlocks: PageBlocks, { headSize, kvHeads, scale: factor }: Omit<AttendOptions, 'rope' | 'votes'>): Tensor {
  const { blocks, blockTokens, mask } = pageBlocks;
  const heads = query.shape[1];
  const numbers = rowsOfBlocks(graph, query, bounds, pageBlocks, kvHeads, factor);
  const rows = numbers.shape[0];
  /** `[headSize, rows, kvHeads, blocks]` */
  const gathered = (tensor: Tensor): Tensor => {
    const all = getRows(graph, cacheHeads(graph, tensor, tensor.shape[1], headSize, kvHeads), reshape(graph, numbers, [rows * blocks, kvHeads]));
    return cast(graph, permute(graph, reshape(graph, all, [headSize, rows, blocks, kvHeads]), [0, 1, 3, 2]), tensor.type === 'F32' ? 'F32' : 'F16');
  };
  const q = permute(graph, reshape(graph, query, [headSize, heads, blockTokens, blocks]), [0, 2, 1, 3]);
  const attended = flashAttention(graph, { q, k: gathered(cache.key), v: gathered(cache.value), mask }, factor);
  return reshape(graph, attended, [headSize, heads, blockTokens * blocks]);
}

/** Numbers of the rows that each block and KV head attends, `[rows, blocks, kvHeads]`, I32. */
function rowsOfBlocks(graph: Graph, query: Tensor, { largest, smallest }: PageBounds, { blocks, blockTokens, voteStride, chosenPages, pageMask, rowsOfPage, windowRows }: PageBlocks, kvHeads: number, factor: number): Tensor {
  const [headSize, heads, tokens] = query.shape;
  const group = heads / kvHeads;
  const votes = tokens / voteStride;
  const [, headStride, tokenStride] = query.strides;
  const strides = [group * headStride, voteStride * tokenStride, voteStride * tokenStride * votes] as const;
  // [headSize · group, kvHeads, votes]
  const voting = view(graph, query, [headSize * group, kvHeads, votes], { strides, offsetBytes: (voteStride - 1) * tokenStride });
  const byKvHead = reshape(graph, contiguous(graph, permute(graph, voting, [0, 2, 1, 3])), [headSize, group * votes, kvHeads]);
  const atBest = sub(graph, mulMat(graph, largest, relu(graph, byKvHead)), mulMat(graph, smallest, relu(graph, scale(graph, byKvHead, -1))));
  // [pages, blocks, kvHeads]
  const worth = maximumOf(graph, softMax(graph, atBest, pageMask, factor), (group * blockTokens) / voteStride);
  const best = contiguous(graph, topK(graph, worth, chosenPages));
  const chosen = getRows(graph, rowsOfPage, reshape(graph, best, [chosenPages * blocks * kvHeads]));
  return concat(graph, reshape(graph, chosen, [rowsOfPage.shape[0] * chosenPages, blocks, kvHeads]), windowRows, 0);
}
