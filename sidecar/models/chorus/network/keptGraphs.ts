import type { Graph } from '../../../../kernels/ggml/graph.ts';
import type { GraphMemory } from '../../../../kernels/ggml/graphMemory.ts';

/**
 * Graphs that are kept for the next evaluation of the same kind, and the memory that they share. The one that was used
 * longest ago goes first.
 */
export class KeptGraphs<Built extends { readonly graph: Graph }> implements Disposable {
  readonly #graphs = new Map<string, Built>();

  constructor(
    readonly memory: GraphMemory,
    private readonly limit: number,
  ) {}

  /**
   * The graph of this key, placed in memory. On a GPU the memory of the `largest` graph is taken at once, so that it is
   * not found missing, or replaced, in the middle of a session. (Mesa's lavapipe also corrupts its own memory where
   * buffers are freed beside later work.) Throws as `Graph.allocate`.
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
      // The memory was replaced by a larger one: graphs that were placed in the old one are lost.
      if (this.memory.sizeBytes !== sizeBefore) this.drop();
      for (const oldest of this.#graphs.keys()) {
        if (this.#graphs.size < this.limit) break;
        this.drop((other) => other === oldest);
      }
    }
    this.#graphs.set(key, built);
    return built;
  }

  /** Drops those that `isDropped` names, or all. */
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

  /** Where there is no memory for a graph, ggml has freed that of the others too: they go with it. */
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
