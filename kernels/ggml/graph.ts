import type { Pointer } from './bindings.ts';
import type { Device, DeviceKind } from './device.ts';
import { AllocationError, ShapeError } from './errors.ts';
import { DEFAULT_MAX_NODES, type GraphMemory, type PinnedNode } from './graphMemory.ts';
import { STATUS_ABORTED } from './interruption.ts';
import { assertSupported, type Op } from './support.ts';
import { contiguousStrides, Tensor, toShape, type Shape } from './tensor.ts';
import { tensorTypes, type TensorType } from './types.ts';

/**
 * The alignment of inputs: a cache line. ggml's processor code aligns tensors at 32 bytes. A short input may shift the
 * tensors behind it by half a line, and then every product on AMX takes up to 50 % longer.
 */
const INPUT_ALIGNMENT_BYTES = 64;

/** A node as it was added, with all that its derivative depends on. */
export interface NodeRecord {
  readonly op: Op;
  readonly sources: readonly Tensor[];
  readonly result: Tensor;
  /** The parameters of the operation besides tensors. See `OpAttributes`. */
  readonly attributes: object | undefined;
}

/**
 * A compute graph. The functions of `ops.ts` add nodes; then it is allocated once and computed any number of times.
 * Shapes and types are checked as nodes are added, so that ggml never aborts.
 */
export class Graph implements Disposable {
  readonly context: Pointer;
  readonly #graph: Pointer;
  readonly #used = new Set<Pointer>();
  readonly #inputs: Tensor[] = [];
  #devices: readonly Device[];
  /** The device of all nodes that are added now. Absent if ggml's scheduler may choose. */
  #pinnedTo: Device | undefined;
  readonly #pinned: PinnedNode[] = [];
  readonly #maxNodes: number;
  /**
   * The number of tensors in the graph's context, which has room for `#maxNodes`. ggml aborts if the context is full.
   */
  #tensors = 0;
  #memory: GraphMemory | undefined;
  readonly #retained: Buffer[] = [];
  #disposed = false;
  /** Called for every node that is added. */
  onNode: ((record: NodeRecord) => void) | undefined;
  /**
   * Replaces the right operand of each matrix product by another of the same shape. Used to look at inputs, or to
   * measure what rounding them costs.
   */
  productInput: ((matrix: Tensor, input: Tensor) => Tensor) | undefined;

  constructor(
    readonly device: Device,
    options: {
      maxNodes?: number;
      /** Another device that parts of the graph may run on. Operations are checked for both devices. */
      alsoOn?: Device;
    } = {},
  ) {
    this.#devices = options.alsoOn ? [device, options.alsoOn] : [device];
    const maxNodes = options.maxNodes ?? DEFAULT_MAX_NODES;
    const { functions } = device;
    this.#maxNodes = maxNodes;
    this.context = device.createContext(
      functions.ggml_tensor_overhead() * maxNodes + functions.ggml_graph_overhead_custom(maxNodes, false),
    );
    this.#graph = functions.ggml_new_graph_custom(this.context, maxNodes, false);
  }

  /** Adds a tensor whose data is set before each computation. */
  input(name: string, type: TensorType, extents: readonly number[]): Tensor {
    const shape = toShape(extents);
    const { functions } = this.device;
    const strides = contiguousStrides(type, shape);
    const sizeBytes = strides[3] * shape[3];
    const { blockBytes, blockElements } = tensorTypes[type];
    const isPadded = this.device.kind === 'cpu' && sizeBytes % INPUT_ALIGNMENT_BYTES !== 0 && blockElements === 1;
    this.#takeRoom(isPadded ? 2 : 1);
    const whole = isPadded
      ? toShape([(Math.ceil(sizeBytes / INPUT_ALIGNMENT_BYTES) * INPUT_ALIGNMENT_BYTES) / blockBytes])
      : shape;
    const allocated = functions.ggml_new_tensor_4d(this.context, tensorTypes[type].id, ...whole);
    functions.ggml_set_input(allocated);
    const pointer = isPadded
      ? functions.ggml_view_4d(this.context, allocated, ...shape, strides[1], strides[2], strides[3], 0)
      : allocated;
    functions.ggml_set_name(pointer, name);
    const tensor = new Tensor(pointer, type, shape, strides, name);
    this.#inputs.push(tensor);
    return tensor;
  }

  /**
   * Adds a node that `native` makes; called by the functions of `ops.ts`. Throws `UnsupportedOpError`, or `ShapeError`
   * if the graph is full.
   */
  node(
    op: Op,
    sources: readonly Tensor[],
    result: { type: TensorType; shape: Shape; strides?: Shape },
    native: () => Pointer,
    attributes?: object,
  ): Tensor {
    for (const { kind } of this.#devices) assertSupported(op, sources, result.type, kind);
    this.#takeRoom(1);
    for (const source of sources) this.#used.add(source.pointer);
    const tensor = new Tensor(
      native(),
      result.type,
      result.shape,
      result.strides ?? contiguousStrides(result.type, result.shape),
      '',
    );
    // Views are not pinned: ggml does not copy a view that it places on another device than its source.
    if (this.#pinnedTo && op !== 'view') this.#pinned.push({ pointer: tensor.pointer, device: this.#pinnedTo });
    this.onNode?.({ op, sources, result: tensor, attributes });
    return tensor;
  }

  /**
   * Pins the nodes that `build` adds to a device of the graph, usually the device that holds their inputs. Unpinned,
   * ggml would copy a whole cache to the device that it is computing on. Operations are checked for the pinned device
   * alone.
   *
   * Nothing changes for the graph's first device or `undefined`. Throws `ShapeError` for a device that is not the
   * graph's.
   */
  on<Result>(device: Device | undefined, build: () => Result): Result {
    if (device === undefined || device === this.device) return build();
    const [devices, pinnedTo] = [this.#devices, this.#pinnedTo];
    if (!devices.includes(device)) throw new ShapeError(`The graph does not run on ${device.description}.`);
    this.#devices = [device];
    this.#pinnedTo = device;
    try {
      return build();
    } finally {
      this.#devices = devices;
      this.#pinnedTo = pinnedTo;
    }
  }

  /** Whether nodes that are added now run on the processor. */
  get isOnProcessor(): boolean {
    return this.#devices.every(({ kind }) => kind === 'cpu');
  }

  /** Whether nodes that are added now may run on a device of this kind. */
  mayRunOn(wanted: DeviceKind): boolean {
    return this.#devices.some(({ kind }) => kind === wanted);
  }

  /** Keeps memory that nodes point to as long as the graph. */
  retain(memory: Buffer): Buffer {
    this.#retained.push(memory);
    return memory;
  }

  /** Names a node, for messages and for inspecting the graph. */
  named(tensor: Tensor, name: string): Tensor {
    this.device.functions.ggml_set_name(tensor.pointer, name);
    return new Tensor(tensor.pointer, tensor.type, tensor.shape, tensor.strides, name);
  }

  /**
   * Marks a node that must be computed. With `read` its memory is kept until the next computation, so that it can be
   * read.
   */
  expand(tensor: Tensor, options: { read?: boolean } = {}): void {
    if (options.read) this.device.functions.ggml_set_output(tensor.pointer);
    this.device.functions.ggml_build_forward_expand(this.#graph, tensor.pointer);
  }

  /** Places every node in `memory`. Throws `AllocationError` with the size, or `ShapeError` for an unused input. */
  allocate(memory: GraphMemory): void {
    const unused = this.#inputs.filter((input) => !this.#used.has(input.pointer));
    if (unused.length > 0)
      throw new ShapeError(
        `The graph does not use the input ${unused.map(String).join(', ')}, so it would have no memory.`,
      );
    if (!memory.place(this.#graph, this.#pinned)) {
      throw new AllocationError(
        `A graph of ${this.device.functions.ggml_graph_n_nodes(this.#graph)} nodes does not fit into the memory of ${this.device.description}.`,
      );
    }
    this.#memory = memory;
  }

  /** Whether `compute` obeys its signal. */
  get isInterruptible(): boolean {
    return this.#devices.length === 1 && this.device.interruption !== undefined;
  }

  /**
   * Computes the graph off the event loop. Rejects with the signal's reason if it aborts before the end and the device
   * can be interrupted. Then only some of the nodes have results.
   */
  async compute(signal?: AbortSignal): Promise<void> {
    const memory = this.#placed();
    const { interruption } = this.device;
    if (!signal || !interruption || !this.isInterruptible) return this.#check(await memory.compute(this.#graph));
    signal.throwIfAborted();
    const interrupt = (): void => interruption.request();
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      const status = await memory.compute(this.#graph);
      if (status === STATUS_ABORTED) throw signal.reason as Error;
      this.#check(status);
    } finally {
      signal.removeEventListener('abort', interrupt);
      interruption.clear();
    }
  }

  /** Computes the graph on this thread. */
  computeSync(): void {
    this.#check(this.#placed().computeSync(this.#graph));
  }

  #takeRoom(tensors: number): void {
    this.#tensors += tensors;
    if (this.#tensors > this.#maxNodes)
      throw new ShapeError(`The graph has no room for more than ${this.#maxNodes} nodes.`);
  }

  #placed(): GraphMemory {
    if (!this.#memory) throw new Error('The graph was not allocated.');
    return this.#memory;
  }

  #check(status: number): void {
    if (status !== 0)
      throw new Error(`ggml could not compute the graph on ${this.device.description} (status ${status}).`);
  }

  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.device.functions.ggml_free(this.context);
  }
}
