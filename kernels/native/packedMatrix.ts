import koffi from 'koffi';
import { CustomMatrix, type ProductSums } from '../ggml/customMatrix.ts';
import { ShapeError } from '../ggml/errors.ts';
import type { Device } from '../ggml/device.ts';
import { Graph } from '../ggml/graph.ts';
import { DeviceMemory } from '../ggml/graphMemory.ts';
import { contiguous, custom, reshape } from '../ggml/ops.ts';
import { contiguousStrides, toShape, type Tensor } from '../ggml/tensor.ts';
import { rowBytes, tensorTypes, type TensorType } from '../ggml/types.ts';
import { nativeKernels, type NativeKernels } from './library.ts';

/** Rows that stand interleaved in the packed layout. */
export const PANEL_ROWS = 16;

/**
 * `product_options` of `source/kernels.h`: type, places of the bias and of the inner values, factor, columns, rows, and
 * two counters of the threads.
 */
const OPTIONS_BYTES = 40;
/** `pack_options`: type, columns, rows, address of the rows, address of the packed rows. */
const PACK_OPTIONS_BYTES = 40;

/** The bytes of a matrix of this type and shape in the packed layout, or 0 if our kernels do not multiply it. */
export function packedBytes(type: TensorType, shape: readonly number[]): number {
  const [columns = 0, rows = 0, ...others] = shape;
  if (others.some((extent) => extent !== 1)) return 0;
  return nativeKernels()?.packedBytes(tensorTypes[type].id, columns, rows) ?? 0;
}

/** The rounded values of inputs, by the kind of rounding. An input belongs to one graph. */
const activations = new WeakMap<Tensor, Map<number, Tensor>>();

/** A matrix in the packed layout. Our kernels multiply it; it has no other use. */
export class PackedMatrix extends CustomMatrix {
  readonly #kernels: NativeKernels;

  /**
   * `memory`: an I8 tensor of `packedBytes`. `type` and `shape` are those of the matrix, `[columns, rows]`. Throws
   * `ShapeError` if our kernels do not multiply it.
   */
  constructor(
    private readonly memory: Tensor,
    type: TensorType,
    shape: readonly number[],
  ) {
    const extents = toShape(shape);
    super(memory.pointer, type, extents, contiguousStrides(type, extents), memory.name);
    const kernels = nativeKernels();
    const neededBytes = packedBytes(type, shape);
    if (!kernels || neededBytes === 0 || memory.sizeBytes < neededBytes)
      throw new ShapeError(`${this.toString()} can't be packed in ${memory.toString()}.`);
    this.#kernels = kernels;
  }

  /**
   * Packs the rows `data`, of the matrix's type, from the row `first` on, on all threads of the device. Throws
   * `ShapeError` if `first` does not begin a panel, or the rows are incomplete or too many.
   */
  async pack(device: Device, first: number, data: Uint8Array): Promise<void> {
    const [columns] = this.shape;
    const rows = data.byteLength / rowBytes(this.type, columns);
    const { id } = tensorTypes[this.type];
    if (first % PANEL_ROWS !== 0 || !Number.isInteger(rows) || first + rows > this.shape[1])
      throw new ShapeError(`${data.byteLength} bytes from row ${first} on are no rows of ${this.toString()}.`);
    const offset = this.#kernels.packedBytes(id, columns, PANEL_ROWS) * (first / PANEL_ROWS);
    const target = device.functions.ggml_get_data(this.pointer) + BigInt(offset);
    const options = Buffer.alloc(PACK_OPTIONS_BYTES);
    [BigInt(id), BigInt(columns), BigInt(rows), koffi.address(data), target].forEach((value, index) =>
      options.writeBigUInt64LE(value, 8 * index),
    );
    using graph = new Graph(device, { maxNodes: 1 });
    using memory = new DeviceMemory(device);
    graph.expand(
      custom(graph, { run: this.#kernels.operations.pack, options }, [], { type: 'I8', shape: toShape([1]) }),
    );
    graph.allocate(memory);
    await graph.compute();
  }

  override multiply(graph: Graph, input: Tensor, { bias, factors }: ProductSums = {}): Tensor {
    const [columns, rows] = this.shape;
    const [, tokens, ...stacks] = input.shape;
    const isStack = stacks.some((extent) => extent !== 1);
    const flat = isStack ? reshape(graph, gapless(graph, input), [columns, tokens * stacks[0] * stacks[1]]) : input;
    const sources = [this.memory, this.#rounded(graph, flat)];
    const options = Buffer.alloc(OPTIONS_BYTES);
    options.writeInt32LE(tensorTypes[this.type].id, 0);
    if (bias) options.writeInt32LE(sources.push(bias) - 1, 4);
    if (factors) {
      assertFactors(factors, rows, flat.shape[1]);
      options.writeInt32LE(sources.push(factors.inner, factors.up) - 2, 8);
      options.writeFloatLE(factors.factor, 12);
    }
    options.writeBigInt64LE(BigInt(columns), 16);
    options.writeBigInt64LE(BigInt(rows), 24);
    const product = custom(graph, { run: this.#kernels.operations.product, options }, sources, {
      type: 'F32',
      shape: toShape([rows, flat.shape[1]]),
    });
    return isStack ? reshape(graph, product, [rows, tokens, ...stacks]) : product;
  }

  /** Rounds an input to 8 bits, once for all matrices that read it in the same way. */
  #rounded(graph: Graph, input: Tensor): Tensor {
    const kind = this.#kernels.rounding(tensorTypes[this.type].id);
    let ofInput = activations.get(input);
    if (!ofInput) activations.set(input, (ofInput = new Map<number, Tensor>()));
    const known = ofInput.get(kind);
    if (known) return known;
    if (input.type !== 'F32' || input.strides[0] !== 4)
      throw new ShapeError(`${input.toString()} has gaps or is not F32.`);
    const bytes = this.#kernels.activationBytes(input.shape[0], input.shape[1]);
    const options = Buffer.alloc(4);
    options.writeInt32LE(kind);
    const rounded = custom(graph, { run: this.#kernels.operations.quantise, options }, [input], {
      type: 'I8',
      shape: toShape([bytes]),
    });
    ofInput.set(kind, rounded);
    return rounded;
  }
}

function assertFactors({ up, inner }: Required<ProductSums>['factors'], rows: number, tokens: number): void {
  const fits =
    up.type === 'F32' &&
    inner.type === 'F32' &&
    up.isContiguous &&
    inner.strides[0] === 4 &&
    up.shape[0] === rows &&
    up.shape[1] === inner.shape[0] &&
    inner.shape[1] === tokens;
  if (!fits)
    throw new ShapeError(
      `The factors ${up.toString()} and ${inner.toString()} do not fit ${rows} rows and ${tokens} tokens.`,
    );
}

const gapless = (graph: Graph, a: Tensor): Tensor => (a.isContiguous ? a : contiguous(graph, a));
