import type { Pointer } from './bindings.ts';
import type { Device } from './device.ts';
import { ShapeError } from './errors.ts';
import { adviseHugePages } from './hugePages.ts';
import { contiguousStrides, Tensor, toShape } from './tensor.ts';
import { tensorTypes, type TensorType } from './types.ts';

/** Tensors that outlive a graph: weights and caches. Declare them all, then `allocate`. */
export class Storage implements Disposable {
  readonly #context: Pointer;
  #buffer: Pointer | undefined;
  #disposed = false;

  constructor(
    readonly device: Device,
    options: { maxTensors: number },
  ) {
    this.#context = device.createContext(device.functions.ggml_tensor_overhead() * (options.maxTensors + 1));
  }

  declare(name: string, type: TensorType, extents: readonly number[]): Tensor {
    const shape = toShape(extents);
    if (shape[0] % tensorTypes[type].blockElements !== 0) {
      throw new ShapeError(`${name}: a row of ${shape[0]} values is not a multiple of the ${tensorTypes[type].blockElements} that a block of ${type} holds.`);
    }
    const pointer = this.device.functions.ggml_new_tensor_4d(this.#context, tensorTypes[type].id, ...shape);
    this.device.functions.ggml_set_name(pointer, name);
    return new Tensor(pointer, type, shape, contiguousStrides(type, shape), name);
  }

  /** Gives all declared tensors memory. `clear` fills it with zeros, as caches need: 0 × NaN in unused rows would poison sums. */
  allocate(options: { bufferType?: Pointer; clear?: boolean; weights?: boolean } = {}): void {
    this.#buffer = this.device.allocate(this.#context, options.bufferType);
    if (this.device.kind === 'cpu') adviseHugePages(this.device.functions, this.#buffer);
    if (options.clear) this.device.functions.ggml_backend_buffer_clear(this.#buffer, 0);
    if (options.weights) this.device.functions.ggml_backend_buffer_set_usage(this.#buffer, 1);
  }

  get isAllocated(): boolean {
    return this.#buffer !== undefined;
  }

  /** Fills all tensors with zeros. */
  clear(): void {
    if (this.#buffer) this.device.functions.ggml_backend_buffer_clear(this.#buffer, 0);
  }

  get sizeBytes(): number {
    return this.#buffer ? this.device.functions.ggml_backend_buffer_get_size(this.#buffer) : 0;
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#buffer) this.device.functions.ggml_backend_buffer_free(this.#buffer);
    this.device.functions.ggml_free(this.#context);
  }
}
