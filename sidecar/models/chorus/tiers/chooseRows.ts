import { cacheHeads, headsOf, pagesOf, type HeadRun } from '../../../../kernels/blocks/attendCache.ts';
import type { AttendOptions, LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { transposedRows } from '../../../../kernels/blocks/attendTransposed.ts';
import { voters } from '../../../../kernels/cache/pageBlocks.ts';
import {
  bestPages,
  pageGatherer,
  pageKeysOf,
  scorePages,
  type PageChoice,
  type PageKeys,
  type PageRows,
} from '../../../../kernels/cache/pages.ts';
import { gatherRows } from '../../../../kernels/cache/selection.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import { cast, concat, copy, reshape, setRows, transpose, view } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { queriesOf, rememberedQueries } from './lastQueries.ts';

/** The rows of a layer to choose from, the queries that choose, and the target. */
export interface RowsToChoose {
  /** All rows. Pages are scored and gathered on its device. */
  readonly slow: LayerCache;
  /** The keys that pages are scored by: those of the slow tier, or others. */
  readonly scored: PageKeys;
  /** Gets the chosen rows and then the window's as its first rows. It may be on another device. */
  readonly fast: LayerCache;
  /** `[rememberedWidth, tokens]`, F32, beside `slow`: the last tokens' queries. */
  readonly lastQueries: Tensor;
  /** `[queries]`, I32: the numbers of the queries that choose. */
  readonly queryNumbers: Tensor;
  readonly choice: PageChoice;
  readonly rowsOfPage: PageRows['rowsOfPage'];
  /** `[windowPages, 1, kvHeads]`, I32: the window's pages, which are gathered too; absent if those in `fast` stay. */
  readonly windowPages?: Tensor;
  /** The KV heads that choose; absent: all. */
  readonly run?: HeadRun;
  /** `[rows]`, I32: the numbers of the first rows of `fast`; absent if no layer has `fast` beside `slow`. */
  readonly places?: Tensor;
  /** The number of query heads. */
  readonly heads: number;
}

/**
 * Gathers the best pages of a layer, and the window, into its fast tier. If that is on another device, only these rows
 * are copied to it, as float16.
 */
export function chooseRows(
  graph: Graph,
  { slow, scored, fast, lastQueries, queryNumbers, choice, rowsOfPage, windowPages, places, heads, run }: RowsToChoose,
  { headSize, kvHeads, scale }: Pick<AttendOptions, 'headSize' | 'kvHeads' | 'scale'>,
): void {
  const choosing = run?.count ?? kvHeads;
  const ofRun = (stack: Tensor): Tensor => (run ? headsOf(graph, stack, run) : stack);
  const all = (tensor: Tensor, rows = tensor.shape[1]): Tensor =>
    ofRun(cacheHeads(graph, tensor, rows, headSize, kvHeads));
  const { pageRows } = choice;
  const where = slow.device;
  const pages = graph.on(where, () => {
    const remembered = rememberedQueries(graph, lastQueries, queryNumbers, { headSize, heads });
    const own = run ? queriesOf(graph, remembered, run, heads / kvHeads) : remembered;
    const best = bestPages(
      graph,
      scorePages(
        graph,
        pageKeysOf(graph, scored, choice, { headSize, kvHeads, run }),
        voters(graph, own, 1, choosing),
        choice,
        scale,
      ),
      choice,
    );
    return windowPages ? concat(graph, best, windowPages, 0) : best;
  });
  const pageCount = pages.shape[0];
  const count = pageCount * pageRows;
  const gather = pageGatherer(graph, pages, { pageRows, rowsOfPage });
  const gathered = (from: Tensor): Tensor => gather(all(from));
  const place = (name: 'key' | 'value'): Tensor => {
    const [from, to] = [slow[name], fast[name]];
    if (where !== fast.device || !places)
      return copy(
        graph,
        graph.on(where, () => cast(graph, gathered(from), to.type)),
        all(to, count),
      );
    return graph.on(where, () => {
      if (slow.words && fast.words)
        return gatherRows(
          graph,
          pagesOf(graph, ofRun(slow.words[name]), pageRows),
          reshape(graph, pages, [pageCount, choosing]),
          pagesOf(graph, ofRun(fast.words[name]), pageRows),
          view(graph, places, [pageCount]),
        );
      return setRows(graph, all(to), gathered(from), places);
    });
  };
  graph.expand(place('key'));
  // Values are transposed into a tensor without gaps and then copied row by row: ggml transposes into places with gaps
  // at half the speed.
  if (fast.isValueTransposed)
    graph.expand(
      copy(
        graph,
        graph.on(where, () => cast(graph, transpose(graph, gathered(slow.value)), fast.value.type)),
        ofRun(transposedRows(graph, fast.value, count)),
      ),
    );
  else graph.expand(place('value'));
}
