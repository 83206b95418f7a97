import type { TransposedCells } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';

/**
 * How many tokens' values of a component are written at once, if tokens and cache allow it: 32 bytes, half a cache
 * line.
 */
const STRETCH = 16;

/** The position of tokens in a cache. */
export interface CachePlace {
  /** The rows of the cache. */
  readonly capacity: number;
  /** The row of the first token. */
  readonly past: number;
}

/** Returns how many tokens' values can be written at once, for `TransposedCells.stretch`. */
export function valueStretch(tokens: number, { capacity, past }: CachePlace): number {
  return tokens % STRETCH === 0 && past % STRETCH === 0 && capacity % STRETCH === 0 ? STRETCH : 1;
}

/**
 * Inputs of a graph: the places of its tokens' value components in transposed caches, `[capacity, headSize, kvHeads]`.
 */
export class ValueCells implements TransposedCells {
  /** By the number of components of a value, `[width · tokens / stretch]`, I64. */
  readonly #inputs = new Map<number, Tensor>();

  constructor(
    private readonly graph: Graph,
    private readonly tokens: number,
    readonly stretch = 1,
  ) {}

  readonly of = (width: number): Tensor => {
    const input =
      this.#inputs.get(width) ?? this.graph.input(`valueCells.${width}`, 'I64', [(width * this.tokens) / this.stretch]);
    this.#inputs.set(width, input);
    return input;
  };

  /**
   * Writes the places for rows from `past` on in caches of `capacity` rows. These must allow the stretch, as
   * `valueStretch` says.
   */
  write(device: Device, place: CachePlace): void {
    for (const [width, input] of this.#inputs)
      write(device, input, this.stretch === 1 ? this.#cells(width, place) : this.#stretches(width, place));
  }

  /**
   * Returns places token by token, the order of the values. Each I64 is two little-endian halves: a cache has less than
   * 2³¹ values, and BigInts take ten times as long.
   */
  #cells(width: number, { capacity, past }: CachePlace): Int32Array {
    const cells = new Int32Array(2 * width * this.tokens);
    for (let token = 0, index = 0; token < this.tokens; token++)
      for (let component = 0; component < width; component++, index += 2)
        cells[index] = component * capacity + past + token;
    return cells;
  }

  /** Returns places component by component, the order of the cache. */
  #stretches(width: number, { capacity, past }: CachePlace): Int32Array {
    const { stretch } = this;
    const count = this.tokens / stretch;
    const cells = new Int32Array(2 * width * count);
    for (let component = 0, index = 0; component < width; component++)
      for (let at = 0; at < count; at++, index += 2) cells[index] = (component * capacity + past) / stretch + at;
    return cells;
  }
}
