import type { LayerCache } from '../../../kernels/blocks/attention.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { cachedHeads, type Hyperparameters } from '../architectures/architecture.ts';

let nextId = 0;

/**
 * The keys and values of one sequence, and the tokens that they belong to: row `i` holds token `i`. Its memory is taken when it is first
 * used, since a window that only completes needs none for chats.
 */
export class SequenceCache implements Disposable {
  readonly id = nextId++;
  readonly #layers: readonly LayerCache[];
  readonly #storage: Storage;
  readonly #tokens: TokenId[] = [];
  #allocated = false;

  constructor(
    device: Device,
    hyperparameters: Hyperparameters,
    /** Rows. */
    readonly capacity: number,
    type: TensorType = 'F16',
  ) {
    const { blockCount, headSize } = hyperparameters;
    this.#storage = new Storage(device, { maxTensors: 2 * blockCount });
    this.#layers = Array.from({ length: blockCount }, (_, block) => {
      const extents = [cachedHeads(hyperparameters, block) * headSize, capacity];
      return { key: this.#storage.declare(`key.${block}`, type, extents), value: this.#storage.declare(`value.${block}`, type, extents) };
    });
  }

  /** One cache a block. Throws `AllocationError` where there is no memory for them at the first use. */
  get layers(): readonly LayerCache[] {
    if (!this.#allocated) this.#storage.allocate({ clear: true });
    this.#allocated = true;
    return this.#layers;
  }

  get length(): number {
    return this.#tokens.length;
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }

  get sizeBytes(): number {
    return this.#storage.sizeBytes;
  }

  append(tokens: readonly TokenId[]): void {
    for (const token of tokens) this.#tokens.push(token);
  }

  truncate(length: number): void {
    if (length < this.#tokens.length) this.#tokens.length = length;
  }

  [Symbol.dispose](): void {
    this.#storage[Symbol.dispose]();
  }
}
