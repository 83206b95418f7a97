import type { Graph } from '../../../../kernels/ggml/graph.ts';
import type { GraphMemory } from '../../../../kernels/ggml/graphMemory.ts';

/**
 * Graphs that are kept for evaluations of the same kind, and the memory that they share. The least recently used graph
 * is dropped first.
 */
export class KeptGraphs<Built extends { readonly graph: Graph }> implements Disposable {
  readonly #graphs = new Map<string, Built>();

  constructor(
    readonly memory: GraphMemory,
    private readonly limit: number,
  ) {}

  /**
   * Returns the graph of this key, placed in memory. On a GPU the first call takes the memory of the `largest` graph:
   * later there may be none left. (Mesa's lavapipe also corrupts its own memory where buffers are freed beside later
   * work.) Throws as `Graph.allocate`.
   */
  obtain(key: string, build: () => Built, largest: () => Built): Built {
    let built = this.#graphs.get(key);
    this.#graphs.delete(key);
    if (!built) {
      if (this.memory.isOnGpu && this.memory.sizeBytes === 0) this.#reserve(largest());
      built = build();
      const sizeBefore = this.memory.sizeBytes;
      if (!this.memory.holdsSeveral) this.drop();
      this.#place(built);
      // Larger memory replaced the old one, and graphs that were placed there are lost.
      if (this.memory.sizeBytes !== sizeBefore) this.drop();
      for (const oldest of this.#graphs.keys()) {
        if (this.#graphs.size < this.limit) break;
        this.drop((other) => other === oldest);
      }
    }
    this.#graphs.set(key, built);
    return built;
  }

  /** Drops the graphs whose key `isDropped` accepts; by default all. */
  drop(isDropped: (key: string) => boolean = () => true): void {
    for (const [key, { graph }] of this.#graphs) {
      if (!isDropped(key)) continue;
      graph[Symbol.dispose]();
      this.#graphs.delete(key);
    }
  }

  [Symbol.dispose](): void {
    this.drop();
    this.memory[Symbol.dispose]();
  }

  #reserve(largest: Built): void {
    this.#place(largest);
    largest.graph[Symbol.dispose]();
  }

  /** If there is no memory for a graph, ggml has also freed the memory of the others, so these are dropped. */
  #place({ graph }: Built): void {
    try {
      graph.allocate(this.memory);
    } catch (error) {
      graph[Symbol.dispose]();
      this.drop();
      throw error;
    }
  }
}
