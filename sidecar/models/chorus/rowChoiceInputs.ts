import type { Device } from '../../../kernels/ggml/device.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import { cachedHeads, queryHeads, type Hyperparameters } from '../architectures/architecture.ts';
import type { RowsToChoose } from './chooseRows.ts';
import { PageChoiceInputs } from './pageChoice.ts';
import { WindowRows } from './windowRows.ts';

/** Among what a graph chooses, and how much. */
export interface ChoosingQueries {
  /** Of the last tokens, that choose. */
  readonly queries: number;
  /** Candidates. */
  readonly pages: number;
  readonly pageRows: number;
  /** Rows that are chosen. */
  readonly capacity: number;
  /** Rows that are attended in any case. */
  readonly windowRows: number;
  /** Whether any layer's slow and fast tier are on one device. */
  readonly areBeside: boolean;
}

/** What a graph is given that chooses the rows of a fast tier. */
export class RowChoiceInputs {
  readonly #queryNumbers: Tensor;
  readonly #pages: PageChoiceInputs;
  readonly #windowRows: WindowRows;
  readonly #places: Tensor | undefined;

  constructor(
    graph: Graph,
    private readonly hyperparameters: Hyperparameters,
    { queries, pages, pageRows, capacity, windowRows, areBeside }: ChoosingQueries,
  ) {
    this.#queryNumbers = graph.input('queryNumbers', 'I32', [queries]);
    this.#pages = new PageChoiceInputs(graph, hyperparameters, { blocks: 1, votes: queries, pages, pageRows, chosenPages: capacity / pageRows });
    this.#windowRows = new WindowRows(graph, hyperparameters, { rows: windowRows, blocks: 1 });
    this.#places = areBeside ? graph.input('places', 'I32', [capacity + windowRows]) : undefined;
  }

  /** For a layer. */
  of(block: number): Pick<RowsToChoose, 'queryNumbers' | 'choice' | 'windowRows' | 'places' | 'heads'> {
    const { hyperparameters } = this;
    return {
      queryNumbers: this.#queryNumbers,
      choice: this.#pages.of(block),
      windowRows: this.#windowRows.of(cachedHeads(hyperparameters, block)),
      places: this.#places,
      heads: queryHeads(hyperparameters, block),
    };
  }

  /** `queryNumbers`: rows of the last tokens' queries; `candidates`: the first pages, which may be chosen; `windowRows`: rows of the slow tier. */
  write(device: Device, { queryNumbers, candidates, windowRows }: { readonly queryNumbers: readonly number[]; readonly candidates: number; readonly windowRows: readonly number[] }): void {
    write(device, this.#queryNumbers, Int32Array.from(queryNumbers));
    this.#pages.write(device, [candidates]);
    this.#windowRows.write(device, windowRows);
    if (this.#places) write(device, this.#places, Int32Array.from({ length: this.#places.elements }, (_, place) => place));
  }
}
