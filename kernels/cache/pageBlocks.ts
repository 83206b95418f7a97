/** Attention of a prompt's tokens block by block: each block attends pages of a cache that its own queries choose, and what stands just before it. */
import { cacheHeads } from '../blocks/attendCache.ts';
import type { AttendOptions, LayerCache, ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Graph } from '../ggml/graph.ts';
import { cast, concat, contiguous, flashAttention, getRows, permute, reshape, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { rowsOfBestPages, scorePages, type PageChoice, type Voters } from './pages.ts';

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
export function attendPageBlocks(graph: Graph, query: Tensor, cache: LayerCache, pageBlocks: PageBlocks, { headSize, kvHeads, scale: factor, votes }: Pick<AttendOptions, 'headSize' | 'kvHeads' | 'scale' | 'votes'>): Tensor {
  const { blocks, blockTokens, mask, rowsOfPage, voteStride, windowRows } = pageBlocks;
  const heads = query.shape[1];
  // Where the cache is: what is attended of it alone goes elsewhere.
  const { k, v } = graph.on(cache.device, () => {
    const key = cacheHeads(graph, cache.key, rowsOfPage.elements, headSize, kvHeads);
    const scores = scorePages(graph, key, voters(graph, { query, votes: votes?.() }, voteStride, kvHeads), pageBlocks, factor);
    const numbers = concat(graph, rowsOfBestPages(graph, scores, pageBlocks), windowRows, 0);
    const rows = numbers.shape[0];
    /** `[headSize, rows, kvHeads, blocks]` */
    const gathered = (tensor: Tensor): Tensor => {
      const all = getRows(graph, cacheHeads(graph, tensor, tensor.shape[1], headSize, kvHeads), reshape(graph, numbers, [rows * blocks, kvHeads]));
      return cast(graph, permute(graph, reshape(graph, all, [headSize, rows, blocks, kvHeads]), [0, 1, 3, 2]), tensor.type === 'F32' ? 'F32' : 'F16');
    };
    return { k: gathered(cache.key), v: gathered(cache.value) };
  });
  const q = permute(graph, reshape(graph, query, [headSize, heads, blockTokens, blocks]), [0, 2, 1, 3]);
  const attended = flashAttention(graph, { q, k, v, mask }, factor);
  return reshape(graph, attended, [headSize, heads, blockTokens * blocks]);
}

/** Of every `stride` tokens the last one's queries, by the KV head that they share: of `query[headSize, heads, tokens]` and `votes[heads, tokens]`. */
export function voters(graph: Graph, { query, votes }: Pick<ObservedQueries, 'query' | 'votes'>, stride: number, kvHeads: number): Voters {
  const [headSize, heads, tokens] = query.shape;
  const group = heads / kvHeads;
  const choosing = tokens / stride;
  const byKvHead = (tensor: Tensor, size: number, headStride: number, tokenStride: number): Tensor => {
    const strides = [group * headStride, stride * tokenStride, stride * tokenStride * choosing] as const;
    const chosen = view(graph, tensor, [size * group, kvHeads, choosing], { strides, offsetBytes: (stride - 1) * tokenStride });
    return reshape(graph, contiguous(graph, permute(graph, chosen, [0, 2, 1, 3])), [size, group * choosing, kvHeads]);
  };
  return { queries: byKvHead(query, headSize, query.strides[1], query.strides[2]), votes: votes && byKvHead(votes, 1, votes.strides[0], votes.strides[1]) };
}
