import { cacheHeads } from '../../../kernels/blocks/attendCache.ts';
import { pageBounds, type PageBounds } from '../../../kernels/cache/pages.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import type { GraphMemory } from '../../../kernels/ggml/graphMemory.ts';
import { contiguous, copy, view } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { cachedHeads } from '../architectures/architecture.ts';
import { BlockStorage } from './blockStorage.ts';
import type { Network } from './network.ts';
import { graphMemoryOn } from './placement.ts';
import type { SequenceCache } from './sequenceCache.ts';

/** Candidate pages are rounded up to this, so that a graph serves many tokens. */
export const PAGE_PADDING = 64;
/** Pages whose bounds are computed at once. */
const UPDATED_PAGES = 64;

/** Bounds of the keys of a sequence's pages, for each KV head of each block; brought up to date when they are needed. */
export class PageTable implements Disposable {
  readonly #storage: BlockStorage;
  readonly #bounds: readonly PageBounds[];
  readonly #memory: GraphMemory;
  /** That a sequence may have, rounded up. */
  readonly mostPages: number;
  /** Pages whose bounds are those of the cache. */
  #boundedPages = 0;

  constructor(
    private readonly network: Network,
    private readonly sequence: SequenceCache,
    readonly pageRows: number,
  ) {
    const { placement, hyperparameters } = network.options;
    const { blockCount, headSize } = hyperparameters;
    this.mostPages = Math.ceil(sequence.capacity / pageRows / PAGE_PADDING) * PAGE_PADDING;
    this.#memory = graphMemoryOn(placement);
    this.#storage = new BlockStorage(placement, 2 * blockCount);
    this.#bounds = Array.from({ length: blockCount }, (_, block) => {
      const extents = [headSize, this.mostPages, cachedHeads(hyperparameters, block)];
      return { largest: this.#storage.declare(block, 'largest', 'F16', extents), smallest: this.#storage.declare(block, 'smallest', 'F16', extents) };
    });
    sequence.onTruncate.add((length) => {
      this.#boundedPages = Math.min(this.#boundedPages, Math.floor(length / pageRows));
    });
  }

  get sizeBytes(): number {
    return this.#storage.sizeBytes + this.#memory.sizeBytes;
  }

  /** Of a block's first pages, `[headSize, pages, kvHeads]`. */
  firstPages(graph: Graph, block: number, pages: number): PageBounds {
    const first = (tensor: Tensor): Tensor => {
      const [headSize, , kvHeads] = tensor.shape;
      return contiguous(graph, view(graph, tensor, [headSize, pages, kvHeads], { strides: [tensor.strides[1], tensor.strides[2], tensor.strides[3]] }));
    };
    const { largest, smallest } = this.#bounds[block] as PageBounds;
    return { largest: first(largest), smallest: first(smallest) };
  }

  /** Brings the bounds of the first pages up to date. */
  async update(pages: number): Promise<void> {
    this.#storage.allocate();
    while (this.#boundedPages < pages) {
      const count = Math.min(UPDATED_PAGES, pages - this.#boundedPages);
      await this.#compute(this.#boundedPages, count);
      this.#boundedPages += count;
    }
  }

  [Symbol.dispose](): void {
    this.#memory[Symbol.dispose]();
    this.#storage[Symbol.dispose]();
  }

  async #compute(first: number, count: number): Promise<void> {
    const { placement, hyperparameters } = this.network.options;
    using graph = new Graph(placement.device, { alsoOn: placement.cpu });
    for (const [block, cache] of this.sequence.layers.entries()) {
      const heads = cacheHeads(graph, cache.key, (first + count) * this.pageRows, hyperparameters.headSize, cachedHeads(hyperparameters, block));
      const [, ...strides] = heads.strides;
      const rows = view(graph, heads, [heads.shape[0], count * this.pageRows, heads.shape[2]], { strides, offsetBytes: first * this.pageRows * heads.strides[1] });
      const bounds = pageBounds(graph, rows, this.pageRows);
      for (const side of ['largest', 'smallest'] as const) {
        const target = this.#bounds[block]?.[side] as Tensor;
        const [, ...targetStrides] = target.strides;
        graph.expand(copy(graph, bounds[side], view(graph, target, bounds[side].shape, { strides: targetStrides, offsetBytes: first * target.strides[1] })));
      }
    }
    graph.allocate(this.#memory);
    await this.network.compute(graph, { isToken: false });
  }
}
