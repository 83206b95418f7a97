import type { Pointer } from './bindings.ts';
import type { Device } from './device.ts';
import { ShapeError } from './errors.ts';
import { adviseHugePages } from './hugePages.ts';
import { contiguousStrides, Tensor, toShape } from './tensor.ts';
import { tensorTypes, type TensorType } from './types.ts';

/** Tensors that outlive a graph: weights and caches. Declare all of them, then call `allocate`. */
export class Storage implements Disposable {
  readonly #context: Pointer;
  readonly #aliases: { readonly alias: Tensor; readonly of: Tensor }[] = [];
  #aliasContext: Pointer | undefined;
  #buffer: Pointer | undefined;
  #disposed = false;

  constructor(
    readonly device: Device,
    private readonly options: { readonly maxTensors: number },
  ) {
    this.#context = this.#createContext();
  }

  declare(name: string, type: TensorType, extents: readonly number[]): Tensor {
    return this.#declare(this.#context, name, type, extents);
  }

  /**
   * Declares a tensor of another type that shares the memory of a declared tensor. Rows can be copied through it
   * without conversion. Throws `ShapeError` if it is larger than the original.
   */
  declareAlias(name: string, of: Tensor, type: TensorType, extents: readonly number[]): Tensor {
    const alias = this.#declare((this.#aliasContext ??= this.#createContext()), name, type, extents);
    if (alias.sizeBytes > of.sizeBytes)
      throw new ShapeError(
        `${alias.toString()} has ${alias.sizeBytes} bytes, more than the ${of.sizeBytes} of ${of.toString()}.`,
      );
    this.#aliases.push({ alias, of });
    return alias;
  }

  #createContext(): Pointer {
    return this.device.createContext(this.device.functions.ggml_tensor_overhead() * (this.options.maxTensors + 1));
  }

  #declare(context: Pointer, name: string, type: TensorType, extents: readonly number[]): Tensor {
    const shape = toShape(extents);
    if (shape[0] % tensorTypes[type].blockElements !== 0) {
      throw new ShapeError(
        `${name}: a row of ${shape[0]} values is not a multiple of the ${tensorTypes[type].blockElements} that a block of ${type} holds.`,
      );
    }
    const pointer = this.device.functions.ggml_new_tensor_4d(context, tensorTypes[type].id, ...shape);
    this.device.functions.ggml_set_name(pointer, name);
    return new Tensor(pointer, type, shape, contiguousStrides(type, shape), name);
  }

  /**
   * Allocates memory for all declared tensors. Caches need `clear`, which fills it with zeros: a NaN in an unused row
   * would spoil sums even times 0.
   */
  allocate(options: { bufferType?: Pointer; clear?: boolean; weights?: boolean } = {}): void {
    this.#buffer = this.device.allocate(this.#context, options.bufferType);
    for (const { alias, of } of this.#aliases)
      this.device.functions.ggml_backend_tensor_alloc(
        this.#buffer,
        alias.pointer,
        this.device.functions.ggml_get_data(of.pointer),
      );
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
    if (this.#aliasContext) this.device.functions.ggml_free(this.#aliasContext);
  }
}
