import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';
import { cachedHeads, queryHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import type { RowsToChoose } from './chooseRows.ts';
import type { HeadRuns } from './headRuns.ts';
import { PageChoiceInputs } from './pageChoice.ts';
import { SharedNumbers } from './sharedNumbers.ts';

/** The candidates of a graph, and how many it chooses. */
export interface ChoosingQueries {
  /** How many of the last tokens choose. */
  readonly queries: number;
  /** The number of candidate pages. */
  readonly pages: number;
  readonly pageRows: number;
  readonly meanRows: number;
  /** The number of rows to choose. */
  readonly capacity: number;
  /** The number of pages that are always attended. */
  readonly windowPages: number;
  /** The heads that choose, while the pages of the window and of other heads stay; absent: all. */
  readonly runs?: HeadRuns;
  /** Whether a layer's slow and fast tier are on one device. */
  readonly isBeside: (block: number) => boolean;
}

/** The inputs of a graph that chooses the rows of a fast tier. */
export class RowChoiceInputs {
  readonly #queryNumbers: Tensor;
  readonly #pages: PageChoiceInputs;
  readonly #windowPages: SharedNumbers | undefined;
  readonly #places: Tensor | undefined;

  constructor(
    graph: Graph,
    private readonly hyperparameters: Hyperparameters,
    private readonly choosing: ChoosingQueries,
  ) {
    const { queries, pages, pageRows, meanRows, capacity, windowPages, runs, isBeside } = choosing;
    const layers = Array.from({ length: hyperparameters.blockCount }, (_, block) => block).filter(
      (block) => runs?.[block]?.length !== 0,
    );
    this.#queryNumbers = graph.input('queryNumbers', 'I32', [queries]);
    this.#pages = new PageChoiceInputs(graph, hyperparameters, {
      blocks: 1,
      votes: queries,
      pages,
      pageRows,
      meanRows,
      chosenPages: capacity / pageRows,
      layers,
    });
    this.#windowPages = runs
      ? undefined
      : new SharedNumbers(graph, hyperparameters, { name: 'windowPages', count: windowPages, blocks: 1 });
    this.#places = layers.some(isBeside)
      ? graph.input('places', 'I32', [capacity + (runs ? 0 : windowPages * pageRows)])
      : undefined;
  }

  /** Returns the choices of a layer: one for all of its heads, or one for each run of heads. */
  of(
    block: number,
  ): readonly Pick<
    RowsToChoose,
    'queryNumbers' | 'choice' | 'rowsOfPage' | 'windowPages' | 'places' | 'heads' | 'run'
  >[] {
    const { hyperparameters } = this;
    const { runs } = this.choosing;
    return (runs ? (runs[block] ?? []) : [undefined]).map((run) => ({
      queryNumbers: this.#queryNumbers,
      choice: this.#pages.of(block),
      rowsOfPage: () => this.#pages.rowsOfPage,
      windowPages: this.#windowPages?.of(cachedHeads(hyperparameters, block)),
      places: this.#places,
      heads: queryHeads(hyperparameters, block),
      run,
    }));
  }

  /**
   * `queryNumbers`: the rows of the last tokens' queries. `candidates`: how many of the first pages may be chosen.
   * `windowPages`: pages of the slow tier.
   */
  write(
    device: Device,
    {
      queryNumbers,
      candidates,
      windowPages,
    }: {
      readonly queryNumbers: readonly number[];
      readonly candidates: number;
      readonly windowPages: readonly number[];
    },
  ): void {
    write(device, this.#queryNumbers, Int32Array.from(queryNumbers));
    this.#pages.write(device, [candidates]);
    this.#windowPages?.write(device, windowPages);
    if (this.#places)
      write(
        device,
        this.#places,
        Int32Array.from({ length: this.#places.elements }, (_, place) => place),
      );
  }
}
