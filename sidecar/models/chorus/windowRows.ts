import type { Device } from '../../../kernels/ggml/device.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import { cachedHeads, type Hyperparameters } from '../architectures/architecture.ts';

/** Inputs of a graph that say which rows blocks of tokens attend besides those that they choose: the same for all KV heads, of which layers may differ in number. */
export class WindowRows {
  /** By the number of KV heads. */
  readonly #inputs: ReadonlyMap<number, Tensor>;

  constructor(graph: Graph, hyperparameters: Hyperparameters, { rows, blocks }: { readonly rows: number; readonly blocks: number }) {
    const counts = new Set(Array.from({ length: hyperparameters.blockCount }, (_, block) => cachedHeads(hyperparameters, block)));
    this.#inputs = new Map([...counts].map((kvHeads) => [kvHeads, graph.input('windowRows', 'I32', [rows, blocks, kvHeads])]));
  }

  /** `[rows, blocks, kvHeads]`, I32. */
  of(kvHeads: number): Tensor {
    return this.#inputs.get(kvHeads) as Tensor;
  }

  /** `rows`: those of each block, one block after the other. */
  write(device: Device, rows: readonly number[]): void {
    for (const [kvHeads, input] of this.#inputs) write(device, input, Int32Array.from({ length: rows.length * kvHeads }, (_, index) => rows[index % rows.length] as number));
  }
}
