import type { GgmlFunctions, Pointer } from './bindings.ts';
import type { Device } from './device.ts';

/** The default size of a graph, in nodes. */
export const DEFAULT_MAX_NODES = 16_384;

/** A node that must run on this device, wherever its inputs are. */
export interface PinnedNode {
  readonly pointer: Pointer;
  readonly device: Device;
}

/**
 * The memory for the intermediate results of graphs, and the device or devices that run them. Graphs that share it must
 * not run at the same time.
 */
export interface GraphMemory extends Disposable {
  readonly sizeBytes: number;
  /** The part of `sizeBytes` that is on a GPU. */
  readonly gpuBytes: number;
  readonly isOnGpu: boolean;
  /** Whether graphs that were placed earlier stay valid when another is placed, as long as `sizeBytes` is unchanged. */
  readonly holdsSeveral: boolean;
  /** Places every node of a native graph. Returns false if there is not enough memory. */
  place(graph: Pointer, pinned?: readonly PinnedNode[]): boolean;
  /** Computes off the event loop. Resolves with ggml's status; 0 is success. */
  compute(graph: Pointer): Promise<number>;
  computeSync(graph: Pointer): number;
}

/** Graph memory on a single device. */
export class DeviceMemory implements GraphMemory {
  readonly holdsSeveral = true;
  readonly #allocator: Pointer;
  #disposed = false;

  constructor(readonly device: Device) {
    this.#allocator = device.functions.ggml_gallocr_new(device.bufferType);
  }

  get isOnGpu(): boolean {
    return this.device.kind !== 'cpu';
  }

  get gpuBytes(): number {
    return this.isOnGpu ? this.sizeBytes : 0;
  }

  get sizeBytes(): number {
    return this.device.functions.ggml_gallocr_get_buffer_size(this.#allocator, 0);
  }

  place(graph: Pointer): boolean {
    return this.device.functions.ggml_gallocr_alloc_graph(this.#allocator, graph);
  }

  compute(graph: Pointer): Promise<number> {
    return callAsync(this.device.functions.ggml_backend_graph_compute, this.device.pointer, graph);
  }

  computeSync(graph: Pointer): number {
    return this.device.functions.ggml_backend_graph_compute(this.device.pointer, graph);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.device.functions.ggml_gallocr_free(this.#allocator);
  }
}

/**
 * Graph memory on a GPU and the processor together. Each operation runs where its weights or its cache are, and results
 * are copied between the two.
 *
 * ggml's scheduler rewrites a graph as it places it. So only the graph placed last can be computed, any number of
 * times.
 */
export class SplitMemory implements GraphMemory {
  readonly isOnGpu = true;
  readonly holdsSeveral = false;
  readonly #functions: GgmlFunctions;
  readonly #scheduler: Pointer;
  #disposed = false;

  constructor(
    readonly gpu: Device,
    readonly cpu: Device,
    maxNodes = DEFAULT_MAX_NODES,
  ) {
    this.#functions = gpu.functions;
    // Without `op_offload` the scheduler never copies the processor's weights to the GPU.
    this.#scheduler = this.#functions.ggml_backend_sched_new(
      BigUint64Array.of(gpu.pointer, cpu.pointer),
      null,
      2,
      maxNodes,
      false,
      false,
    );
  }

  get sizeBytes(): number {
    return this.gpuBytes + this.#bytesOn(this.cpu);
  }

  get gpuBytes(): number {
    return this.#bytesOn(this.gpu);
  }

  /** The number of parts of the last graph that run on one device without a switch to another. */
  get stretches(): number {
    return this.#functions.ggml_backend_sched_get_n_splits(this.#scheduler);
  }

  place(graph: Pointer, pinned: readonly PinnedNode[] = []): boolean {
    this.#functions.ggml_backend_sched_reset(this.#scheduler);
    for (const { pointer, device } of pinned)
      this.#functions.ggml_backend_sched_set_tensor_backend(this.#scheduler, pointer, device.pointer);
    return this.#functions.ggml_backend_sched_alloc_graph(this.#scheduler, graph);
  }

  compute(graph: Pointer): Promise<number> {
    return callAsync(this.#functions.ggml_backend_sched_graph_compute, this.#scheduler, graph);
  }

  computeSync(graph: Pointer): number {
    return this.#functions.ggml_backend_sched_graph_compute(this.#scheduler, graph);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#functions.ggml_backend_sched_free(this.#scheduler);
  }

  #bytesOn({ pointer }: Device): number {
    return this.#functions.ggml_backend_sched_get_buffer_size(this.#scheduler, pointer);
  }
}

type Computation = GgmlFunctions['ggml_backend_graph_compute' | 'ggml_backend_sched_graph_compute'];

function callAsync(computation: Computation, where: Pointer, graph: Pointer): Promise<number> {
  return new Promise((resolve, reject) => {
    computation.async(where, graph, (error, status) => (error ? reject(error) : resolve(status)));
  });
}
