import type { PageChoice } from '../../../../kernels/cache/pages.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';
import { cachedHeads, queryHeads, type Hyperparameters } from '../../architectures/architecture.ts';
import { F16_MINUS_INFINITY } from '../cache/causalMask.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';

/** The number of candidate pages is rounded up to this, so that a graph serves many tokens. */
const PAGE_PADDING = 64;

/**
 * Added to the score of the first page, which is always chosen. Heads that look for nothing attend the first token
 * (arXiv 2309.17453), which the mean of its key and others does not show.
 */
const ABOVE_ALL = 1e6;

/** The blocks of tokens that choose, and the pages that they choose from. */
export interface ChoosingBlocks {
  readonly blocks: number;
  /** The tokens of each block whose queries choose. */
  readonly votes: number;
  readonly pages: number;
  readonly pageRows: number;
  readonly meanRows: number;
  readonly chosenPages: number;
  /** The layers that choose; absent: all. */
  readonly layers?: readonly number[];
}

/** Returns the number of pages in a graph that chooses among the first `candidates`. */
export function choosablePages(candidates: number, sequence: SequenceCache, pageRows: number): number {
  return Math.min(Math.ceil(candidates / PAGE_PADDING) * PAGE_PADDING, Math.floor(sequence.capacity / pageRows));
}

/** The inputs by which a graph's layers choose pages. Layers may differ in how many queries share a KV head. */
export class PageChoiceInputs {
  readonly #queryMasks: ReadonlyMap<number, Tensor>;
  readonly #pageMask: Tensor;
  #rowsOfPage: Tensor | undefined;
  /** The values of `rowsOfPage`. They are made only once, since there is one for each row of the context. */
  #rowNumbers: Int32Array | undefined;

  constructor(
    private readonly graph: Graph,
    private readonly hyperparameters: Hyperparameters,
    private readonly choosing: ChoosingBlocks,
  ) {
    const {
      blocks,
      votes,
      pages,
      layers = Array.from({ length: hyperparameters.blockCount }, (_, block) => block),
    } = choosing;
    const groups = new Set(layers.map((block) => this.#group(block)));
    this.#queryMasks = new Map(
      [...groups].map((group) => [group, graph.input('queryMask', 'F16', [pages, group * votes * blocks])]),
    );
    this.#pageMask = graph.input('pageMask', 'F32', [pages, blocks]);
  }

  /** Returns the inputs of a layer. */
  of(block: number): PageChoice {
    const { blocks, pageRows, meanRows, chosenPages } = this.choosing;
    return {
      blocks,
      pageRows,
      meanRows,
      chosenPages,
      queryMask: this.#queryMasks.get(this.#group(block)) as Tensor,
      pageMask: this.#pageMask,
    };
  }

  /** `[pageRows, pages]`, I32: the rows of each page. If it is read, the graph must use it. */
  get rowsOfPage(): Tensor {
    const { pages, pageRows } = this.choosing;
    return (this.#rowsOfPage ??= this.graph.input('rowsOfPage', 'I32', [pageRows, pages]));
  }

  /** `candidates`: how many of the first pages each block may choose from. */
  write(device: Device, candidates: readonly number[]): void {
    const { votes, pages, pageRows } = this.choosing;
    for (const [group, queryMask] of this.#queryMasks) {
      const values = new Uint16Array(pages * group * votes * candidates.length).fill(F16_MINUS_INFINITY);
      for (const [block, count] of candidates.entries()) {
        for (let query = block * group * votes; query < (block + 1) * group * votes; query++)
          values.fill(0, query * pages, query * pages + count);
      }
      write(device, queryMask, values);
    }
    const pageMask = new Float32Array(pages * candidates.length).fill(-Infinity);
    for (const [block, count] of candidates.entries()) {
      const first = block * pages;
      pageMask.fill(0, first, first + count);
      if (count > 0) pageMask[first] = ABOVE_ALL;
    }
    write(device, this.#pageMask, pageMask);
    if (this.#rowsOfPage)
      write(
        device,
        this.#rowsOfPage,
        (this.#rowNumbers ??= Int32Array.from({ length: pages * pageRows }, (_, row) => row)),
      );
  }

  #group(block: number): number {
    return queryHeads(this.hyperparameters, block) / cachedHeads(this.hyperparameters, block);
  }
}
