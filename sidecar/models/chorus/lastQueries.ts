import type { ObservedQueries } from '../../../kernels/blocks/attentionInputs.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import { setRows, view } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';

/** Queries that are remembered besides those that somebody looks at: drafts that turn out wrong take the place of others. */
export const DRAFTED_QUERIES = 24;

/** How many of an evaluation's queries are remembered, where `kept[headSize · heads, queries]` has room for so many tokens. */
export const rememberedTokens = (tokens: number, kept: Tensor): number => Math.min(tokens, kept.shape[1]);

/** Writes an evaluation's last queries to the rows `rows` (I64) of `kept[headSize · heads, queries]`. */
export function rememberQueries(graph: Graph, { query }: Pick<ObservedQueries, 'query'>, kept: Tensor, rows: Tensor): void {
  const [headSize, heads, tokens] = query.shape;
  const count = rows.shape[0];
  const last = view(graph, query, [headSize * heads, count], { strides: [query.strides[2], count * query.strides[2], count * query.strides[2]], offsetBytes: (tokens - count) * query.strides[2] });
  graph.expand(setRows(graph, kept, last, rows));
}

/** The rows that the last `count` tokens before `length` have. */
export function rememberedRows(length: number, count: number, kept: Tensor): BigInt64Array {
  return BigInt64Array.from({ length: count }, (_, index) => BigInt((length - count + index) % kept.shape[1]));
}
