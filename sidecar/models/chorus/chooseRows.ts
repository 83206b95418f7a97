import { cacheHeads } from '../../../kernels/blocks/attendCache.ts';
import type { AttendOptions, LayerCache } from '../../../kernels/blocks/attentionInputs.ts';
import { transposedRows } from '../../../kernels/blocks/attendTransposed.ts';
import { voters } from '../../../kernels/cache/pageBlocks.ts';
import { rowsOfBestPages, scorePages, type PageChoice } from '../../../kernels/cache/pages.ts';
import { gatherRows } from '../../../kernels/cache/selection.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import { cast, concat, copy, getRows, reshape, transpose } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { rememberedQueries } from './lastQueries.ts';

/** What a layer's rows are chosen from and by, and where they go. */
export interface RowsToChoose {
  /** Everything: scored and gathered from on the device that it is on. */
  readonly slow: LayerCache;
  /** Gets the chosen rows and then the window's, in its first rows; the same device or another. */
  readonly fast: LayerCache;
  /** `[rememberedWidth, tokens]`, F32, beside `slow`: the last tokens' queries. */
  readonly lastQueries: Tensor;
  /** `[queries]`, I32: those of them that choose. */
  readonly queryNumbers: Tensor;
  readonly choice: PageChoice;
  /** `[windowRows, 1, kvHeads]`, I32: rows that are attended in any case. */
  readonly windowRows: Tensor;
  /** `[rows]`, I32: the first rows of `fast`; absent where no layer has that beside `slow`. */
  readonly places?: Tensor;
  /** Query heads. */
  readonly heads: number;
}

/** Gathers the best pages and the last tokens of a layer into its fast tier. Where that is on another device than the slow one, these rows alone go there, as float16. */
export function chooseRows(graph: Graph, { slow, fast, lastQueries, queryNumbers, choice, windowRows, places, heads }: RowsToChoose, { headSize, kvHeads, scale }: Pick<AttendOptions, 'headSize' | 'kvHeads' | 'scale'>): void {
  const all = (tensor: Tensor, rows = tensor.shape[1]): Tensor => cacheHeads(graph, tensor, rows, headSize, kvHeads);
  const where = slow.device;
  const rows = graph.on(where, () => {
    const remembered = rememberedQueries(graph, lastQueries, queryNumbers, { headSize, heads });
    const scores = scorePages(graph, all(slow.key, choice.rowsOfPage.elements), voters(graph, remembered, 1, kvHeads), choice, scale);
    const numbers = concat(graph, rowsOfBestPages(graph, scores, choice), windowRows, 0);
    return reshape(graph, numbers, [numbers.shape[0], kvHeads]);
  });
  const count = rows.shape[0];
  const gathered = (from: Tensor): Tensor => getRows(graph, all(from), rows);
  const place = (from: Tensor, to: Tensor): Tensor =>
    where === fast.device && places
      ? graph.on(where, () => gatherRows(graph, all(from), rows, all(to), places))
      : copy(graph, graph.on(where, () => cast(graph, gathered(from), to.type)), all(to, count));
  graph.expand(place(slow.key, fast.key));
  // Turned into a tensor without gaps and copied row by row: ggml turns into places with gaps at half the speed.
  if (fast.isValueTransposed) graph.expand(copy(graph, graph.on(where, () => cast(graph, transpose(graph, gathered(slow.value)), fast.value.type)), transposedRows(graph, fast.value, count)));
  else graph.expand(place(slow.value, fast.value));
}
