/**
 * Attention of a prompt's tokens block by block. Each block attends pages of a cache that its own queries choose, and
 * the tokens just before it.
 */
import { cacheHeads } from '../blocks/attendCache.ts';
import { MAX_PRODUCT_TOKENS } from '../blocks/attendTransposed.ts';
import type { AttendOptions, LayerCache, ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Graph } from '../ggml/graph.ts';
import {
  cast,
  concat,
  contiguous,
  flashAttention,
  mulMat,
  permute,
  reshape,
  softMax,
  transpose,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import {
  bestPages,
  pageGatherer,
  pageKeysOf,
  scorePages,
  type PageChoice,
  type PageKeys,
  type PageRows,
  type Voters,
} from './pages.ts';

/** Blocks of equal length, and the pages that they may attend. */
export interface PageBlocks extends PageChoice, PageRows {
  readonly blockTokens: number;
  /** Absent: pages are scored by the cache's own keys. */
  readonly scored?: PageKeys;
  /** The distance between tokens whose queries choose, the block's last among them; divides `blockTokens`. */
  readonly voteStride: number;
  /** `[windowPages, blocks, kvHeads]`, I32: pages that a block attends in any case, its own rows included. */
  readonly windowPages: Tensor;
  /**
   * `[pageRows · (chosenPages + windowPages), blockTokens, 1, blocks]`, F16: 0 where a token attends a row, −∞
   * elsewhere.
   */
  readonly mask: Tensor;
}

/**
 * `query[headSize, heads, blockTokens · blocks]`, the heads of one KV head side by side → `[headSize, heads,
 * blockTokens · blocks]`. The queries of `choosing`, which may have fewer heads, choose the pages.
 */
export function attendPageBlocks(
  graph: Graph,
  { query, choosing }: { readonly query: Tensor; readonly choosing: Pick<ObservedQueries, 'query' | 'votes'> },
  cache: LayerCache,
  pageBlocks: PageBlocks,
  { headSize, kvHeads, scale: factor }: Pick<AttendOptions, 'headSize' | 'kvHeads' | 'scale'>,
): Tensor {
  const { blocks, blockTokens, mask, pageRows, scored = cache, voteStride, windowPages } = pageBlocks;
  const heads = query.shape[1];
  const isInProducts = graph.isOnProcessor && blockTokens <= MAX_PRODUCT_TOKENS;
  // Computed where the cache is, so that only the attended rows are copied to another device.
  const { k, v } = graph.on(cache.device, () => {
    const scores = scorePages(
      graph,
      pageKeysOf(graph, scored, pageBlocks, { headSize, kvHeads }),
      voters(graph, choosing, voteStride, kvHeads),
      pageBlocks,
      factor,
    );
    const pages = concat(graph, bestPages(graph, scores, pageBlocks), windowPages, 0);
    const rows = pages.shape[0] * pageRows;
    const gather = pageGatherer(graph, pages, pageBlocks);
    /** `[headSize, rows, kvHeads, blocks]` */
    const gathered = (tensor: Tensor): Tensor => {
      const all = gather(cacheHeads(graph, tensor, tensor.shape[1], headSize, kvHeads));
      const byBlock = permute(graph, reshape(graph, all, [headSize, rows, blocks, kvHeads]), [0, 1, 3, 2]);
      return isInProducts || tensor.type === 'F32' ? byBlock : cast(graph, byBlock, 'F16');
    };
    return { k: gathered(cache.key), v: gathered(cache.value) };
  });
  const q = permute(graph, reshape(graph, query, [headSize, heads, blockTokens, blocks]), [0, 2, 1, 3]);
  const attended = isInProducts
    ? attendInProducts(graph, { q, k, v, mask }, factor)
    : flashAttention(graph, { q, k, v, mask }, factor);
  return reshape(graph, attended, [headSize, heads, blockTokens * blocks]);
}

/**
 * Equals flash attention of `q[headSize, tokens, heads, blocks]` over `k, v[headSize, rows, kvHeads, blocks]`:
 * `[headSize, heads, tokens, blocks]`. For few tokens, the processor's flash attention reads keys and values once per
 * token.
 */
function attendInProducts(
  graph: Graph,
  { q, k, v, mask }: Readonly<Record<'q' | 'k' | 'v' | 'mask', Tensor>>,
  factor: number,
): Tensor {
  const probabilities = softMax(graph, mulMat(graph, k, contiguous(graph, q)), mask, factor);
  const attended = mulMat(graph, contiguous(graph, transpose(graph, v)), probabilities);
  return contiguous(graph, permute(graph, attended, [0, 2, 1, 3]));
}

/**
 * Returns the queries of the last of every `stride` tokens, by the KV head that they share. They come from
 * `query[headSize, heads, tokens]` and `votes[heads, tokens]`.
 */
export function voters(
  graph: Graph,
  { query, votes }: Pick<ObservedQueries, 'query' | 'votes'>,
  stride: number,
  kvHeads: number,
): Voters {
  const [headSize, heads, tokens] = query.shape;
  const group = heads / kvHeads;
  const choosing = tokens / stride;
  const byKvHead = (tensor: Tensor, size: number, headStride: number, tokenStride: number): Tensor => {
    const strides = [group * headStride, stride * tokenStride, stride * tokenStride * choosing] as const;
    const chosen = view(graph, tensor, [size * group, kvHeads, choosing], {
      strides,
      offsetBytes: (stride - 1) * tokenStride,
    });
    return reshape(graph, contiguous(graph, permute(graph, chosen, [0, 2, 1, 3])), [size, group * choosing, kvHeads]);
  };
  return {
    queries: byKvHead(query, headSize, query.strides[1], query.strides[2]),
    votes: votes && byKvHead(votes, 1, votes.strides[0], votes.strides[1]),
  };
}
