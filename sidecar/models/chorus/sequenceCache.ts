import type { LayerCache } from '../../../kernels/blocks/attendCache.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { cachedHeads, type Hyperparameters } from '../architectures/architecture.ts';
import type { Placement } from './placement.ts';

let nextId = 0;

/**
 * The keys and values of one sequence, and the tokens that they belong to. Row `i` holds token `i`, until a selection keeps fewer rows than there are
 * tokens: then the first rows hold, head by head, what was kept of the first tokens, and one row a token follows. Its memory is taken when it is first
 * used, since a window that only completes needs none for chats.
 */
export class SequenceCache implements Disposable {
  readonly id = nextId++;
  readonly #layers: readonly LayerCache[];
  readonly #storages = new Map<Device, Storage>();
  readonly #tokens: TokenId[] = [];
  #allocated = false;
  /** Tokens that share fewer rows. */
  #selectedTokens = 0;
  #droppedRows = 0;

  constructor(
    placement: Placement,
    hyperparameters: Hyperparameters,
    /** Rows. */
    readonly capacity: number,
    type: TensorType = 'F16',
  ) {
    const { blockCount, headSize } = hyperparameters;
    this.#layers = Array.from({ length: blockCount }, (_, block) => {
      const storage = this.#storageOn(placement.cacheDevice(block), 2 * blockCount);
      const extents = [cachedHeads(hyperparameters, block) * headSize, capacity];
      return { key: storage.declare(`key.${block}`, type, extents), value: storage.declare(`value.${block}`, type, extents) };
    });
  }

  /** One cache a block. Throws `AllocationError` where there is no memory for them at the first use. */
  get layers(): readonly LayerCache[] {
    if (!this.#allocated) for (const storage of this.#storages.values()) storage.allocate({ clear: true });
    this.#allocated = true;
    return this.#layers;
  }

  /** Tokens. */
  get length(): number {
    return this.#tokens.length;
  }

  /** Rows in use. */
  get rows(): number {
    return this.#tokens.length - this.#droppedRows;
  }

  get tokens(): readonly TokenId[] {
    return this.#tokens;
  }

  get sizeBytes(): number {
    return [...this.#storages.values()].reduce((sum, storage) => sum + storage.sizeBytes, 0);
  }

  append(tokens: readonly TokenId[]): void {
    for (const token of tokens) this.#tokens.push(token);
  }

  /** Says that the first `rows` rows hold what was kept of these tokens, which are all that there are. */
  hold(tokens: readonly TokenId[], rows: number): void {
    this.truncate(0);
    this.append(tokens);
    this.#droppedRows = tokens.length - rows;
    this.#selectedTokens = this.#droppedRows > 0 ? tokens.length : 0;
  }

  /** Keeps the first `length` tokens, or none where they share rows with some of the others. */
  truncate(length: number): void {
    if (length >= this.#tokens.length) return;
    this.#tokens.length = length < this.#selectedTokens ? 0 : length;
    if (this.#tokens.length === 0) this.#droppedRows = this.#selectedTokens = 0;
  }

  [Symbol.dispose](): void {
    for (const storage of this.#storages.values()) storage[Symbol.dispose]();
  }

  #storageOn(device: Device, maxTensors: number): Storage {
    let storage = this.#storages.get(device);
    if (!storage) this.#storages.set(device, (storage = new Storage(device, { maxTensors })));
    return storage;
  }
}
