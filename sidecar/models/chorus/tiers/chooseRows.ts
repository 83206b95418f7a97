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

type ChooseOptions = Pick<AttendOptions, 'headSize' | 'kvHeads' | 'scale'>;

/**
 * Gathers the best pages of a layer, and the window, into its fast tier. If that is on another device, only these rows
 * are copied to it, as float16.
 */
export function chooseRows(graph: Graph, layer: RowsToChoose, options: ChooseOptions): void {
  const pages = graph.on(layer.slow.device, () => attendedPages(graph, layer, options));
  const gathering = new Gathering(graph, layer, options, pages);
  graph.expand(gathering.place('key'));
  graph.expand(layer.fast.isValueTransposed ? gathering.placeTransposedValues() : gathering.place('value'));
}

/** Returns the best pages, and behind them the window's. */
function attendedPages(
  graph: Graph,
  { scored, lastQueries, queryNumbers, choice, windowPages, heads, run }: RowsToChoose,
  { headSize, kvHeads, scale }: ChooseOptions,
): Tensor {
  const remembered = rememberedQueries(graph, lastQueries, queryNumbers, { headSize, heads });
  const own = run ? queriesOf(graph, remembered, run, heads / kvHeads) : remembered;
  const best = bestPages(
    graph,
    scorePages(
      graph,
      pageKeysOf(graph, scored, choice, { headSize, kvHeads, run }),
      voters(graph, own, 1, run?.count ?? kvHeads),
      choice,
      scale,
    ),
    choice,
  );
  return windowPages ? concat(graph, best, windowPages, 0) : best;
}

/** Moves the rows of pages from the slow to the fast tier, for the heads that choose. */
class Gathering {
  readonly #gather: (heads: Tensor) => Tensor;

  constructor(
    private readonly graph: Graph,
    private readonly layer: RowsToChoose,
    private readonly options: ChooseOptions,
    private readonly pages: Tensor,
  ) {
    const { choice, rowsOfPage } = layer;
    this.#gather = pageGatherer(graph, pages, { pageRows: choice.pageRows, rowsOfPage });
  }

  place(name: 'key' | 'value'): Tensor {
    const { slow, fast, places } = this.layer;
    return slow.device === fast.device && places ? this.#placeBeside(name, places) : this.#placeAcross(name);
  }

  /**
   * Values are transposed into a tensor without gaps and then copied row by row: ggml transposes into places with gaps
   * at half the speed.
   */
  placeTransposedValues(): Tensor {
    const { graph } = this;
    const { slow, fast } = this.layer;
    return copy(
      graph,
      graph.on(slow.device, () => cast(graph, transpose(graph, this.#gathered(slow.value)), fast.value.type)),
      this.#ofRun(transposedRows(graph, fast.value, this.#count)),
    );
  }

  /** Places rows in a fast tier that is on the slow tier's device. */
  #placeBeside(name: 'key' | 'value', places: Tensor): Tensor {
    const { graph, pages } = this;
    const { slow, fast, choice } = this.layer;
    const [pageCount, , choosing] = pages.shape;
    return graph.on(slow.device, () => {
      if (slow.words && fast.words)
        return gatherRows(
          graph,
          pagesOf(graph, this.#ofRun(slow.words[name]), choice.pageRows),
          reshape(graph, pages, [pageCount, choosing]),
          pagesOf(graph, this.#ofRun(fast.words[name]), choice.pageRows),
          view(graph, places, [pageCount]),
        );
      return setRows(graph, this.#rows(fast[name]), this.#gathered(slow[name]), places);
    });
  }

  /** Copies rows to a fast tier on another device. */
  #placeAcross(name: 'key' | 'value'): Tensor {
    const { graph } = this;
    const { slow, fast } = this.layer;
    return copy(
      graph,
      graph.on(slow.device, () => cast(graph, this.#gathered(slow[name]), fast[name].type)),
      this.#rows(fast[name], this.#count),
    );
  }

  /** The number of rows to place for each head. */
  get #count(): number {
    return this.pages.shape[0] * this.layer.choice.pageRows;
  }

  #gathered(from: Tensor): Tensor {
    return this.#gather(this.#rows(from));
  }

  #rows(tensor: Tensor, rows = tensor.shape[1]): Tensor {
    const { headSize, kvHeads } = this.options;
    return this.#ofRun(cacheHeads(this.graph, tensor, rows, headSize, kvHeads));
  }

  #ofRun(stack: Tensor): Tensor {
    const { run } = this.layer;
    return run ? headsOf(this.graph, stack, run) : stack;
  }
}
