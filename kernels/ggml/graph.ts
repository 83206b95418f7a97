import type { Pointer } from './bindings.ts';
import type { Device, DeviceKind } from './device.ts';
import { AllocationError, ShapeError } from './errors.ts';
import { DEFAULT_MAX_NODES, type GraphMemory, type PinnedNode } from './graphMemory.ts';
import { STATUS_ABORTED } from './interruption.ts';
import { assertSupported, type Op } from './support.ts';
import { contiguousStrides, Tensor, toShape, type Shape } from './tensor.ts';
import { tensorTypes, type TensorType } from './types.ts';

/**
 * Inputs take whole cache lines. ggml's processor code places tensors one after another at multiples of 32 bytes; where
 * a short input shifts those behind it by half a line, every product on AMX takes up to half as long again.
 */
const INPUT_ALIGNMENT_BYTES = 64;

/** A node as it was added: all that its derivative depends on. */
export interface NodeRecord {
  readonly op: Op;
  readonly sources: readonly Tensor[];
  readonly result: Tensor;
  /** What the operation was given besides tensors; `OpAttributes` says what. */
  readonly attributes: object | undefined;
}

/**
 * A compute graph: nodes are added by the functions of `ops.ts`, then it is allocated once and computed any number of
 * times. Shapes and types are checked as nodes are added, so that ggml has nothing to abort on.
 */
export class Graph implements Disposable {
  readonly context: Pointer;
  readonly #graph: Pointer;
  readonly #used = new Set<Pointer>();
  readonly #inputs: Tensor[] = [];
  #devices: readonly Device[];
  /** Where nodes are to run that are added now, in place of wherever that is quickest. */
  #pinnedTo: Device | undefined;
  readonly #pinned: PinnedNode[] = [];
  readonly #maxNodes: number;
  /** Tensors made in the graph's context, which has room for `#maxNodes`: ggml would abort where it is full. */
  #tensors = 0;
  #memory: GraphMemory | undefined;
  #disposed = false;
  /** Told of every node that is added while it is set. */
  onNode: ((record: NodeRecord) => void) | undefined;
  /**
   * Gives what is multiplied by a matrix in place of an input, of its shape, while it is set: for looking at inputs,
   * and at what rounding them costs.
   */
  productInput: ((matrix: Tensor, input: Tensor) => Tensor) | undefined;

  constructor(
    readonly device: Device,
    options: {
      maxNodes?: number;
      /** Another device that parts of the graph may run on: operations are checked for both. */
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

  /** A tensor whose data is set before each computation. */
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
   * Adds a node that `native` makes. For the functions of `ops.ts`. Throws `UnsupportedOpError`, and `ShapeError` where
   * the graph has no room for another.
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
    // Views run nowhere: where ggml takes one to be elsewhere than what it shows, nobody copies that.
    if (this.#pinnedTo && op !== 'view') this.#pinned.push({ pointer: tensor.pointer, device: this.#pinnedTo });
    this.onNode?.({ op, sources, result: tensor, attributes });
    return tensor;
  }

  /**
   * Has the nodes that `build` adds run on one of the graph's devices, where what they read lies: ggml would copy a
   * whole cache rather than leave the device that it is on. Operations are checked for that device alone. Nothing
   * changes where it is the first or there is none. Throws `ShapeError` where it is not the graph's.
   */
  on<Result>(device: Device | undefined, build: () => Result): Result {
    if (device === undefined || device === this.device) return build();
    const [devices, pinnedTo] = [this.#devices, this.#pinnedTo];
    if (!devices.includes(device)) throw new ShapeError(`Nothing of the graph runs on ${device.description}.`);
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

  /** Names a node, for messages and for looking into a graph. */
  named(tensor: Tensor, name: string): Tensor {
    this.device.functions.ggml_set_name(tensor.pointer, name);
    return new Tensor(tensor.pointer, tensor.type, tensor.shape, tensor.strides, name);
  }

  /** Marks a node that must be computed; `read` keeps its memory until the next computation, so that it can be read. */
  expand(tensor: Tensor, options: { read?: boolean } = {}): void {
    if (options.read) this.device.functions.ggml_set_output(tensor.pointer);
    this.device.functions.ggml_build_forward_expand(this.#graph, tensor.pointer);
  }

  /**
   * Places every node in `memory`. Throws `AllocationError` with the size, `ShapeError` for an input that nothing uses.
   */
  allocate(memory: GraphMemory): void {
    const unused = this.#inputs.filter((input) => !this.#used.has(input.pointer));
    if (unused.length > 0)
      throw new ShapeError(
        `Nothing in the graph uses the input ${unused.map(String).join(', ')}: it would have no memory.`,
      );
    if (!memory.place(this.#graph, this.#pinned)) {
      throw new AllocationError(
        `A graph of ${this.device.functions.ggml_graph_n_nodes(this.#graph)} nodes does not fit into the memory of ${this.device.description}.`,
      );
    }
    this.#memory = memory;
  }

  /** Whether `compute` heeds its signal. */
  get isInterruptible(): boolean {
    return this.#devices.length === 1 && this.device.interruption !== undefined;
  }

  /**
   * Computes the graph off the event loop. Rejects with the signal's reason where that aborts before the end and the
   * device can be interrupted: results are then those of some of the nodes.
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
