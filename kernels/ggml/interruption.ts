import koffi from 'koffi';
import type { GgmlFunctions, Pointer } from './bindings.ts';

/** ggml's status of a computation that was ended from outside. */
export const STATUS_ABORTED = 1;
const CONTEXT_BYTES = 1024;

/**
 * Ends a computation of the processor between two of its operations. ggml asks a C function before each whether to go
 * on; JavaScript can't answer on ggml's threads, so the question is one that ggml itself answers: whether a context,
 * which is used for nothing else, allocates.
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

  /** `undefined` for a device that computes to the end whatever happens, as GPUs do. */
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

  /** Ends what is computed, or the next computation, until `clear`. */
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
