import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';
import { cachedHeads, type Hyperparameters } from '../../architectures/architecture.ts';

/**
 * Inputs of a graph with the numbers of rows or pages for blocks of tokens. All KV heads share them; layers may differ
 * in the number of KV heads.
 */
export class SharedNumbers {
  /** By the number of KV heads. */
  readonly #inputs: ReadonlyMap<number, Tensor>;

  constructor(
    graph: Graph,
    hyperparameters: Hyperparameters,
    { name, count, blocks }: { readonly name: string; readonly count: number; readonly blocks: number },
  ) {
    const kvHeadCounts = new Set(
      Array.from({ length: hyperparameters.blockCount }, (_, block) => cachedHeads(hyperparameters, block)),
    );
    this.#inputs = new Map(
      [...kvHeadCounts].map((kvHeads) => [kvHeads, graph.input(name, 'I32', [count, blocks, kvHeads])]),
    );
  }

  /** `[count, blocks, kvHeads]`, I32. */
  of(kvHeads: number): Tensor {
    return this.#inputs.get(kvHeads) as Tensor;
  }

  /** `numbers`: those of each block, one block after the other. */
  write(device: Device, numbers: readonly number[]): void {
    for (const [kvHeads, input] of this.#inputs)
      write(
        device,
        input,
        Int32Array.from({ length: numbers.length * kvHeads }, (_, index) => numbers[index % numbers.length] as number),
      );
  }
}
