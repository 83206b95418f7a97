import type { Pointer } from '../../../kernels/ggml/bindings.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import { repackedBufferType } from '../../../kernels/ggml/repack.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import { isQuantised, tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';
import { onOneDevice } from '../../models/chorus/network/placement.ts';
import { loadWeights, type LoadedWeights } from '../../models/chorus/network/weights.ts';
import type { LocatedTensor } from '../../models/gguf/locate.ts';
import { convertedMatrix, transposedMatrix, type MatrixBytes } from './convertedRows.ts';
import { readBytes } from './tensorValues.ts';

const EMBEDDING = 'token_embd.weight';
const OUTPUT = 'output.weight';
/** Fast on every processor with instructions for eight bits, and fine enough for gradients. */
const FAST_TYPE = 'Q8_0';

/** Weights that are read but not trained. */
export interface FrozenWeights extends Disposable {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Transposed copies of matrices, for the gradients of their inputs. Graphs transpose matrices that have none. */
  readonly transposes: ReadonlyMap<Tensor, Tensor>;
  readonly sizeBytes: number;
}

/** Loads frozen weights in the types of the file, as graphs of any device can read and transpose them. */
export async function loadPlainFrozen(
  device: Device,
  specs: readonly WeightSpec[],
  tensors: ReadonlyMap<string, LocatedTensor>,
): Promise<FrozenWeights> {
  const loaded = await loadPlain(device, specs, tensors);
  return {
    tensors: loaded.table.all,
    transposes: new Map(),
    sizeBytes: loaded.sizeBytes,
    [Symbol.dispose]: () => loaded[Symbol.dispose](),
  };
}

/**
 * Loads frozen weights for fast products on the processor: matrices in its fastest layout, and a transposed copy of
 * each in Q8_0, or BF16 for weights that are not quantised. An embedding that is also the output is loaded twice.
 */
export async function loadFastFrozen(
  device: Device,
  specs: readonly WeightSpec[],
  tensors: ReadonlyMap<string, LocatedTensor>,
): Promise<FrozenWeights> {
  const isTied = specs.some(({ name }) => name === EMBEDDING) && !tensors.has(OUTPUT);
  const products = [
    ...specs.filter(({ name, use }) => use === 'matrix' && tensors.has(name)).map(({ name }) => name),
    ...(isTied ? [OUTPUT] : []),
  ];
  const sourceOf = (name: string): LocatedTensor =>
    tensors.get(name === OUTPUT && isTied ? EMBEDDING : name) as LocatedTensor;
  const storages = new Storages(device, 2 * products.length);
  const plain = await loadPlain(
    device,
    specs.filter(({ use }) => use !== 'matrix'),
    tensors,
  );
  try {
    const placed = products.map((name) => {
      const { type, shape } = sourceOf(name);
      const [columns, rows] = shape as [number, number];
      const hasBlocks = rows % tensorTypes[FAST_TYPE].blockElements === 0;
      const transposedType = isQuantised(type as TensorType) && hasBlocks ? FAST_TYPE : 'BF16';
      return {
        name,
        source: sourceOf(name),
        matrix: storages.declare(name, fastLayout(device, type as TensorType, [columns, rows])),
        transposed: storages.declare(`${name}.transposed`, layoutOf(device, transposedType, [rows, columns])),
      };
    });
    storages.allocate();
    for (const { source, matrix, transposed } of placed) {
      const [columns, rows] = source.shape as [number, number];
      const bytes: MatrixBytes = { type: source.type as TensorType, columns, rows, bytes: await readBytes(source) };
      write(device, matrix, await convertedMatrix(device, bytes, matrix.type));
      write(device, transposed, await transposedMatrix(device, bytes, transposed.type));
    }
    return {
      tensors: new Map([...plain.table.all, ...placed.map(({ name, matrix }) => [name, matrix] as const)]),
      transposes: new Map(placed.map(({ matrix, transposed }) => [matrix, transposed])),
      sizeBytes: plain.sizeBytes + storages.sizeBytes,
      [Symbol.dispose]: () => {
        plain[Symbol.dispose]();
        storages[Symbol.dispose]();
      },
    };
  } catch (error) {
    plain[Symbol.dispose]();
    storages[Symbol.dispose]();
    throw error;
  }
}

function loadPlain(
  device: Device,
  specs: readonly WeightSpec[],
  tensors: ReadonlyMap<string, LocatedTensor>,
): Promise<LoadedWeights> {
  // Repacked weights can't be transposed, so none is loaded as a matrix.
  const plain = specs.map((spec) => (spec.use === 'vector' ? spec : { ...spec, use: 'embedding' as const }));
  return loadWeights(onOneDevice(device), plain, tensors);
}

interface Layout {
  readonly type: TensorType;
  readonly shape: readonly [number, number];
  readonly bufferType: Pointer | undefined;
}

const layoutOf = (device: Device, type: TensorType, shape: readonly [number, number]): Layout => ({
  type,
  shape,
  bufferType: repackedBufferType(device, type, shape, 'matrix'),
});

/**
 * The type and layout in which a matrix is multiplied. Where the processor has matrix units, quantised types become
 * Q8_0, which is several times faster there. Elsewhere they stay as they are.
 */
function fastLayout(device: Device, type: TensorType, shape: readonly [number, number]): Layout {
  const isConvertible = isQuantised(type) && shape[0] % tensorTypes[FAST_TYPE].blockElements === 0;
  const fast = isConvertible ? layoutOf(device, FAST_TYPE, shape) : undefined;
  return fast && isMatrixUnit(device, fast) ? fast : layoutOf(device, type, shape);
}

const isMatrixUnit = (device: Device, { bufferType }: Layout): boolean =>
  bufferType !== undefined && device.functions.ggml_backend_buft_name(bufferType).includes('AMX');

/** Storage for tensors in several kinds of memory. */
class Storages implements Disposable {
  readonly #storages = new Map<Pointer | undefined, Storage>();

  constructor(
    private readonly device: Device,
    private readonly maxTensors: number,
  ) {}

  declare(name: string, { type, shape, bufferType }: Layout): Tensor {
    let storage = this.#storages.get(bufferType);
    if (!storage) {
      storage = new Storage(this.device, { maxTensors: this.maxTensors });
      this.#storages.set(bufferType, storage);
    }
    return storage.declare(name, type, shape);
  }

  allocate(): void {
    for (const [bufferType, storage] of this.#storages) storage.allocate({ bufferType, weights: true });
  }

  get sizeBytes(): number {
    return [...this.#storages.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  [Symbol.dispose](): void {
    for (const storage of this.#storages.values()) storage[Symbol.dispose]();
  }
}
