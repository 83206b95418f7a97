import type { Device } from '../../../kernels/ggml/device.ts';
import type { Graph } from '../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { write } from '../../../kernels/ggml/transfer.ts';

/** Inputs of a graph that say where the components of its tokens' values go in transposed caches, `[capacity, headSize, kvHeads]`. */
export class ValueCells {
  /** By the components of a value, `[width · tokens]`, I64. */
  readonly #inputs = new Map<number, Tensor>();

  constructor(
    private readonly graph: Graph,
    private readonly tokens: number,
  ) {}

  /** For values of `width` components. */
  readonly of = (width: number): Tensor => {
    const input = this.#inputs.get(width) ?? this.graph.input(`valueCells.${width}`, 'I64', [width * this.tokens]);
    this.#inputs.set(width, input);
    return input;
  };

  /** The tokens' rows begin at `past` in caches of `capacity` rows. */
  write(device: Device, { capacity, past }: { readonly capacity: number; readonly past: number }): void {
    for (const [width, input] of this.#inputs) {
      // Little-endian halves: a cache has less than 2³¹ values, and BigInts take ten times as long.
      const cells = new Int32Array(2 * width * this.tokens);
      for (let token = 0, index = 0; token < this.tokens; token++) for (let component = 0; component < width; component++, index += 2) cells[index] = component * capacity + past + token;
      write(device, input, cells);
    }
  }
}
