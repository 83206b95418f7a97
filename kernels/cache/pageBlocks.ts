/** Attention of a prompt's tokens block by block: each block attends pages of a cache that its own queries choose, and what stands just before it. */
import { cacheHeads } from '../blocks/attendCache.ts';
import type { AttendOptions, LayerCache } from '../blocks/attentionInputs.ts';
import type { Graph } from '../ggml/graph.ts';
import { cast, concat, contiguous, flashAttention, getRows, permute, reshape, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { rowsOfBestPages, scorePages, type PageChoice } from './pages.ts';

/** Blocks of equal length, and what they may attend. */
export interface PageBlocks extends PageChoice {
  readonly blockTokens: number;
  /** Every so many tokens' queries choose, the block's last among them; divides `blockTokens`. */
  readonly voteStride: number;
  /** `[windowRows, blocks, kvHeads]`, I32: rows that a block attends besides, its own among them. */
  readonly windowRows: Tensor;
  /** `[pageRows · chosenPages + windowRows, blockTokens, 1, blocks]`, F16: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
}

/** `query[headSize, heads, blockTokens · blocks]`, the heads of one KV head side by side → `[headSize, heads, blockTokens · blocks]`. */
export function attendPageBlocks(graph: Graph, query: Tensor, cache: LayerCache, pageBlocks: PageBlocks, { headSize, kvHeads, scale: factor }: Pick<AttendOptions, 'headSize' | 'kvHeads' | 'scale'>): Tensor {
  const { blocks, blockTokens, mask, rowMask, voteStride, windowRows } = pageBlocks;
  const heads = query.shape[1];
  const key = cacheHeads(graph, cache.key, rowMask.shape[0], headSize, kvHeads);
  const scores = scorePages(graph, key, votingQueries(graph, query, voteStride, kvHeads), pageBlocks, factor);
  const numbers = concat(graph, rowsOfBestPages(graph, scores, pageBlocks), windowRows, 0);
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

/** Of every `stride` tokens the last one's queries, by the KV head that they share: `query[headSize, heads, tokens] → [headSize, group · tokens / stride, kvHeads]`. */
export function votingQueries(graph: Graph, query: Tensor, stride: number, kvHeads: number): Tensor {
  const [headSize, heads, tokens] = query.shape;
  const group = heads / kvHeads;
  const votes = tokens / stride;
  const [, headStride, tokenStride] = query.strides;
  const strides = [group * headStride, stride * tokenStride, stride * tokenStride * votes] as const;
  const voting = view(graph, query, [headSize * group, kvHeads, votes], { strides, offsetBytes: (stride - 1) * tokenStride });
  return reshape(graph, contiguous(graph, permute(graph, voting, [0, 2, 1, 3])), [headSize, group * votes, kvHeads]);
}
