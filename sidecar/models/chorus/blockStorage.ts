import type { Device } from '../../../kernels/ggml/device.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import type { Placement } from './placement.ts';

/** Tensors that belong to blocks, each where its block's cache is. Declare them all, then `allocate`. */
export class BlockStorage implements Disposable {
  readonly #storages = new Map<Device, Storage>();
  #allocated = false;

  constructor(
    private readonly placement: Placement,
    private readonly maxTensors: number,
  ) {}

  declare(block: number, name: string, type: TensorType, extents: readonly number[]): Tensor {
    const device = this.placement.cacheDevice(block);
    let storage = this.#storages.get(device);
    if (!storage) this.#storages.set(device, (storage = new Storage(device, { maxTensors: this.maxTensors })));
    return storage.declare(`${name}.${block}`, type, extents);
  }

  /** Takes memory, filled with zeros, unless that is done. Throws `AllocationError`. */
  allocate(): void {
    if (!this.#allocated) for (const storage of this.#storages.values()) storage.allocate({ clear: true });
    this.#allocated = true;
  }

  get sizeBytes(): number {
    return [...this.#storages.values()].reduce((sum, storage) => sum + storage.sizeBytes, 0);
  }

  [Symbol.dispose](): void {
    for (const storage of this.#storages.values()) storage[Symbol.dispose]();
  }
}
