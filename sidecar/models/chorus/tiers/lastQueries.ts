import type { HeadRun } from '../../../../kernels/blocks/attendCache.ts';
import type { ObservedQueries } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import { concat, contiguous, getRows, reshape, setRows, view } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { isWeighedByGates, queryHeads, type Hyperparameters } from '../../architectures/architecture.ts';

/** The queries that are remembered in addition to those that choose, since wrong drafts overwrite some. */
export const DRAFTED_QUERIES = 24;

/** Queries of some tokens, and their weights if they differ. */
export type WeighedQueries = Pick<ObservedQueries, 'query' | 'votes'>;

/**
 * The number of values that are remembered of a token in a block: its queries, and one per head if gates weigh them.
 */
export function rememberedWidth(hyperparameters: Hyperparameters, block: number): number {
  return (
    queryHeads(hyperparameters, block) * (hyperparameters.headSize + (isWeighedByGates(hyperparameters, block) ? 1 : 0))
  );
}

/** How many queries of an evaluation are remembered in `kept[rememberedWidth, queries]`. */
export const rememberedTokens = (tokens: number, kept: Tensor): number => Math.min(tokens, kept.shape[1]);

/** Writes the last queries of an evaluation to the rows `rows` (I64) of `kept[rememberedWidth, queries]`. */
export function rememberQueries(graph: Graph, { query, votes }: WeighedQueries, kept: Tensor, rows: Tensor): void {
  const [headSize, heads, tokens] = query.shape;
  const count = rows.shape[0];
  const last = (tensor: Tensor, width: number, tokenStride: number): Tensor =>
    view(graph, tensor, [width, count], {
      strides: [tokenStride, count * tokenStride, count * tokenStride],
      offsetBytes: (tokens - count) * tokenStride,
    });
  const queries = last(query, headSize * heads, query.strides[2]);
  graph.expand(
    setRows(
      graph,
      kept,
      votes
        ? concat(graph, contiguous(graph, queries), contiguous(graph, last(votes, heads, votes.strides[1])), 0)
        : queries,
      rows,
    ),
  );
}

/** Reads the queries in the rows `rows` (I32) of a block with `heads` query heads. */
export function rememberedQueries(
  graph: Graph,
  kept: Tensor,
  rows: Tensor,
  { headSize, heads }: { readonly headSize: number; readonly heads: number },
): WeighedQueries {
  const remembered = getRows(graph, kept, rows);
  const [width, tokens] = remembered.shape;
  if (width === headSize * heads) return { query: reshape(graph, remembered, [headSize, heads, tokens]) };
  const [valueBytes, tokenStride] = remembered.strides;
  return {
    query: view(graph, remembered, [headSize, heads, tokens], {
      strides: [headSize * valueBytes, tokenStride, tokenStride * tokens],
    }),
    votes: view(graph, remembered, [heads, tokens], {
      strides: [tokenStride, tokenStride * tokens, tokenStride * tokens],
      offsetBytes: headSize * heads * valueBytes,
    }),
  };
}

/** Returns the queries of some KV heads, each with `group` query heads. */
export function queriesOf(
  graph: Graph,
  { query, votes }: WeighedQueries,
  { first, count }: HeadRun,
  group: number,
): WeighedQueries {
  const [headSize, , tokens] = query.shape;
  const [valueBytes, headStride, tokenStride] = query.strides;
  return {
    query: view(graph, query, [headSize, group * count, tokens], {
      strides: [headStride, tokenStride, tokenStride * tokens],
      offsetBytes: first * group * headStride,
    }),
    votes:
      votes &&
      view(graph, votes, [group * count, tokens], {
        strides: [votes.strides[1], votes.strides[2], votes.strides[3]],
        offsetBytes: first * group * valueBytes,
      }),
  };
}

/** Returns the rows of the last `count` tokens before `length`. */
export function rememberedRows(length: number, count: number, kept: Tensor): BigInt64Array {
  return BigInt64Array.from({ length: count }, (_, index) => BigInt((length - count + index) % kept.shape[1]));
}
