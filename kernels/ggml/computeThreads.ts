import koffi from 'koffi';
import type { GgmlFunctions, Pointer } from './bindings.ts';

/** `ggml_threadpool_params`: a mask of processors, then the number of threads, priority, polling, and two flags. */
const PARAMS_BYTES = 528;
const PARAMS_OFFSETS = { threads: 512, poll: 520 } as const;
/**
 * How long threads wait for the next graph before they sleep, in 131,072 instructions of waiting: about a millisecond.
 * The next token comes within that time.
 */
const POLL = 1;

type Native = (...values: readonly unknown[]) => unknown;

/**
 * The threads of a device that computes on the processor. They live as long as the device. Without them ggml starts
 * threads for each graph, and the system may start a thread on the core of its caller. The caller then waits for it for
 * several milliseconds.
 */
export class ComputeThreads implements Disposable {
  readonly #setCount: Native;
  readonly #setPool: Native;
  readonly #newPool: Native;
  readonly #freePool: Native;
  #pool: Pointer | null = null;
  #poolSize = 0;
  /** 0 means not set yet. */
  #count = 0;

  private constructor(
    private readonly backend: Pointer,
    native: (name: string, result: string, parameters: string[]) => Native,
  ) {
    this.#setCount = native('ggml_backend_set_n_threads', 'void', ['void *', 'int']);
    this.#setPool = native('ggml_backend_cpu_set_threadpool', 'void', ['void *', 'void *']);
    this.#newPool = native('ggml_threadpool_new', 'void *', ['void *']);
    this.#freePool = native('ggml_threadpool_free', 'void', ['void *']);
  }

  /** Returns the threads of a device, or `undefined` if it does not compute on the processor. */
  static of(device: {
    readonly functions: GgmlFunctions;
    readonly handle: Pointer;
    readonly pointer: Pointer;
  }): ComputeThreads | undefined {
    const { functions, handle, pointer } = device;
    const registry = functions.ggml_backend_dev_backend_reg(handle);
    const address = (name: string): Pointer | null => functions.ggml_backend_reg_get_proc_address(registry, name);
    if (!address('ggml_backend_cpu_set_threadpool')) return undefined;
    return new ComputeThreads(pointer, (name, result, parameters) => {
      const prototype = koffi.proto(result, parameters);
      const found = address(name);
      return (...values) => koffi.call(found, prototype, ...values) as unknown;
    });
  }

  /** Lets graphs use this number of threads. No graph may be computed meanwhile. */
  use(count: number): void {
    if (count === this.#count) return;
    if (count > this.#poolSize) this.#replacePool(count);
    this.#setCount(this.backend, count);
    this.#count = count;
  }

  #replacePool(threads: number): void {
    this.#endPool();
    if (threads < 2) return;
    const params = Buffer.alloc(PARAMS_BYTES);
    params.writeInt32LE(threads, PARAMS_OFFSETS.threads);
    params.writeUInt32LE(POLL, PARAMS_OFFSETS.poll);
    this.#pool = this.#newPool(params) as Pointer;
    this.#poolSize = threads;
    this.#setPool(this.backend, this.#pool);
  }

  #endPool(): void {
    if (this.#pool === null) return;
    this.#setPool(this.backend, null);
    this.#freePool(this.#pool);
    this.#pool = null;
    this.#poolSize = 0;
  }

  [Symbol.dispose](): void {
    this.#endPool();
  }
}
