import koffi from 'koffi';
import type { GgmlFunctions, Pointer } from './bindings.ts';

/** ggml's status of a computation that was aborted. */
export const STATUS_ABORTED = 1;
const CONTEXT_BYTES = 1024;

/**
 * Ends a computation on the processor between two operations.
 *
 * Before each operation ggml calls a C function that says whether to abort. JavaScript can't run on ggml's threads, so
 * the function is ggml's own `ggml_get_no_alloc`, for a context that has no other use.
 */
export class Interruption implements Disposable {
  readonly #context: Pointer;

  private constructor(
    private readonly functions: GgmlFunctions,
    createContext: (sizeBytes: number) => Pointer,
  ) {
    this.#context = createContext(CONTEXT_BYTES);
    this.clear();
  }

  /** Installs the interruption of a device. Returns `undefined` for devices that can't be interrupted, such as GPUs. */
  static of(device: {
    readonly functions: GgmlFunctions;
    readonly createContext: (sizeBytes: number) => Pointer;
    readonly handle: Pointer;
    readonly pointer: Pointer;
    readonly abortQuestion: Pointer;
  }): Interruption | undefined {
    const { functions } = device;
    const set = functions.ggml_backend_reg_get_proc_address(
      functions.ggml_backend_dev_backend_reg(device.handle),
      'ggml_backend_set_abort_callback',
    );
    if (!set) return undefined;
    const interruption = new Interruption(functions, device.createContext);
    koffi.call(
      set,
      koffi.proto('void', ['void *', 'void *', 'void *']),
      device.pointer,
      device.abortQuestion,
      interruption.#context,
    );
    return interruption;
  }

  /** Aborts the current or the next computation, until `clear`. */
  request(): void {
    this.functions.ggml_set_no_alloc(this.#context, true);
  }

  clear(): void {
    this.functions.ggml_set_no_alloc(this.#context, false);
  }

  [Symbol.dispose](): void {
    this.functions.ggml_free(this.#context);
  }
}
