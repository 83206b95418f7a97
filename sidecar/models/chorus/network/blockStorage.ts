import type { Device } from '../../../../kernels/ggml/device.ts';
import { Storage } from '../../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import { takeSequenceMemory } from '../cache/sequenceMemory.ts';

/** Tensors of a sequence for each block, on the block's device. Declare them all, then call `allocate`. */
export class BlockStorage implements Disposable {
  readonly #storages = new Map<Device, Storage>();
  readonly #constants: { readonly device: Device; readonly tensor: Tensor; readonly values: Float32Array }[] = [];

  constructor(
    private readonly deviceOf: (block: number) => Device,
    private readonly maxTensors: number,
  ) {}

  declare(block: number, name: string, type: TensorType, extents: readonly number[]): Tensor {
    return this.#storageOf(block).declare(`${name}.${block}`, type, extents);
  }

  /** Declares the memory of another tensor of the block as numbers of another type. */
  declareAlias(block: number, of: Tensor, type: TensorType, extents: readonly number[]): Tensor {
    return this.#storageOf(block).declareAlias(`${of.name} as ${type}`, of, type, extents);
  }

  /** Declares an F32 tensor that contains `values` once memory is taken. */
  declareConstant(block: number, name: string, extents: readonly number[], values: Float32Array): Tensor {
    const tensor = this.declare(block, name, 'F32', extents);
    this.#constants.push({ device: this.deviceOf(block), tensor, values });
    return tensor;
  }

  /**
   * Takes memory, filled with zeros, on each device where that is not done yet. Throws `SequenceMemoryError` if a
   * device has none; memory of other devices is kept for the next attempt.
   */
  allocate(): void {
    for (const [device, storage] of this.#storages) {
      if (storage.isAllocated) continue;
      takeSequenceMemory(device, () => storage.allocate({ clear: true }));
      for (const { tensor, values } of this.#constants.filter((constant) => constant.device === device))
        write(device, tensor, values);
    }
  }

  get sizeBytes(): number {
    return [...this.#storages.values()].reduce((sum, storage) => sum + storage.sizeBytes, 0);
  }

  /** The part of `sizeBytes` on GPUs. */
  get gpuBytes(): number {
    return [...this.#storages].reduce((sum, [{ kind }, storage]) => sum + (kind === 'cpu' ? 0 : storage.sizeBytes), 0);
  }

  #storageOf(block: number): Storage {
    const device = this.deviceOf(block);
    let storage = this.#storages.get(device);
    if (!storage) this.#storages.set(device, (storage = new Storage(device, { maxTensors: this.maxTensors })));
    return storage;
  }

  [Symbol.dispose](): void {
    for (const storage of this.#storages.values()) storage[Symbol.dispose]();
  }
}
