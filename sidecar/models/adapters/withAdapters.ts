import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import { rowBytes, type TensorType } from '../../../kernels/ggml/types.ts';
import type { LowRankRouter } from '../../../kernels/blocks/expertGates.ts';
import type { LowRankMatrix } from '../../../kernels/blocks/lowRank.ts';
import type { Placement } from '../chorus/network/placement.ts';
import type { PlacedWeights } from '../chorus/network/weights.ts';
import type { AdapterFile, MatrixFactors } from './adapterFile.ts';
import { routerName, type ExpertMixture } from './expertMixture.ts';
import type { Factor } from './factor.ts';

/** Three tensors for each of seven matrices, and a router, in at most 1,000 blocks. */
const MAX_FACTORS = 22_000;

/** The bytes of the factors of adapters for each matrix that they change. */
export function factorBytes(adapters: readonly AdapterFile[]): ReadonlyMap<string, number> {
  return new Map(
    [...changesOf(adapters)].map(([name, changes]) => [
      name,
      joinedDown(changes).bytes.length + joinedUp(changes).bytes.length,
    ]),
  );
}

/**
 * Loads the factors of adapters. Without routers all of them count for every token. Returns the weights with them; they
 * own the weights from now on. The factors of one matrix stand side by side, so that two products serve all adapters.
 */
export function withAdapters(
  weights: PlacedWeights,
  adapters: readonly AdapterFile[],
  placement: Placement,
): PlacedWeights {
  if (adapters.length === 0) return weights;
  const factors = new FactorStorage(placement);
  const dispose = (): void => {
    factors[Symbol.dispose]();
    weights[Symbol.dispose]();
  };
  try {
    const matrices = new Map<string, LowRankMatrix>();
    for (const [name, changes] of changesOf(adapters)) {
      const scales = changes.map(({ scale }) => scale);
      const isOneScale = scales.every((scale) => scale === scales[0]);
      matrices.set(name, {
        base: weights.table.tensor(name),
        down: factors.declare(`${name}.lora_a`, joinedDown(changes)),
        up: factors.declare(`${name}.lora_b`, joinedUp(changes)),
        factor: isOneScale ? (scales[0] as number) : 1,
        ...(isOneScale ? {} : { factors: factors.declare(`${name}.scales`, rowScales(changes)) }),
      });
    }
    const routers = routersOf(adapters[0]?.mixture, factors);
    factors.fill();
    return {
      table: weights.table.withLowRank(matrices, routers),
      sizeBytes: weights.sizeBytes + factors.bytes(() => true),
      gpuBytes: weights.gpuBytes + factors.bytes(({ kind }) => kind !== 'cpu'),
      [Symbol.dispose]: dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** The routers of a mixture, by block. */
function routersOf(
  mixture: ExpertMixture | undefined,
  factors: FactorStorage,
): ReadonlyMap<number, LowRankRouter> | undefined {
  if (!mixture) return undefined;
  const { routers, ...options } = mixture;
  return new Map(
    [...routers].map(([block, router]) => [block, { ...options, router: factors.declare(routerName(block), router) }]),
  );
}

/** Factors on the devices of the matrices that they change. Declare them all, then call `fill`. */
class FactorStorage implements Disposable {
  readonly #storages = new Map<Device, Storage>();
  readonly #factors: { readonly device: Device; readonly tensor: Tensor; readonly bytes: Uint8Array }[] = [];

  constructor(private readonly placement: Placement) {}

  declare(name: string, { type, shape, bytes }: Factor): Tensor {
    const device = this.placement.weightDevice({ name, use: 'matrix' });
    let storage = this.#storages.get(device);
    if (!storage) this.#storages.set(device, (storage = new Storage(device, { maxTensors: MAX_FACTORS })));
    const tensor = storage.declare(name, type, shape);
    this.#factors.push({ device, tensor, bytes });
    return tensor;
  }

  /** Throws `AllocationError` if a device has no memory. */
  fill(): void {
    for (const storage of this.#storages.values()) storage.allocate({ weights: true });
    for (const { device, tensor, bytes } of this.#factors) write(device, tensor, bytes);
  }

  bytes(isCounted: (device: Device) => boolean): number {
    return [...this.#storages].reduce((sum, [device, { sizeBytes }]) => sum + (isCounted(device) ? sizeBytes : 0), 0);
  }

  [Symbol.dispose](): void {
    for (const storage of this.#storages.values()) storage[Symbol.dispose]();
  }
}

function changesOf(adapters: readonly AdapterFile[]): ReadonlyMap<string, readonly MatrixFactors[]> {
  const changes = new Map<string, MatrixFactors[]>();
  for (const { matrices } of adapters)
    for (const [name, factors] of matrices) changes.set(name, [...(changes.get(name) ?? []), factors]);
  return changes;
}

/** All `down` factors below each other: `[in, ranks]`. */
function joinedDown(changes: readonly MatrixFactors[]): Factor {
  const factors = inOneType(changes.map(({ down }) => down));
  const [{ type, shape }] = factors as [Factor];
  return { type, shape: [shape[0], ranksOf(changes)], bytes: Buffer.concat(factors.map(({ bytes }) => bytes)) };
}

/** All `up` factors side by side: `[ranks, out]`. */
function joinedUp(changes: readonly MatrixFactors[]): Factor {
  const factors = inOneType(changes.map(({ up }) => up));
  const [{ type, shape }] = factors as [Factor];
  const ranks = ranksOf(changes);
  const bytesPerRow = rowBytes(type, ranks);
  const bytes = new Uint8Array(bytesPerRow * shape[1]);
  let column = 0;
  for (const factor of factors) {
    const own = rowBytes(type, factor.shape[0]);
    for (let row = 0; row < shape[1]; row++)
      bytes.set(factor.bytes.subarray(row * own, (row + 1) * own), row * bytesPerRow + column);
    column += own;
  }
  return { type, shape: [ranks, shape[1]], bytes };
}

/** The scale of each row of the joined `down`: `[ranks]`, F32. */
function rowScales(changes: readonly MatrixFactors[]): Factor {
  const scales = Float32Array.from(changes.flatMap(({ rank, scale }) => Array<number>(rank).fill(scale)));
  return { type: 'F32', shape: [scales.length, 1], bytes: fromFloat32('F32', scales, scales.length) };
}

const ranksOf = (changes: readonly MatrixFactors[]): number => changes.reduce((sum, { rank }) => sum + rank, 0);

/** The factors in their own type if they agree, else in float32. */
function inOneType(factors: readonly Factor[]): readonly Factor[] {
  const type: TensorType = factors.every((factor) => factor.type === factors[0]?.type)
    ? (factors[0] as Factor).type
    : 'F32';
  return factors.map((factor) =>
    factor.type === type
      ? factor
      : { type, shape: factor.shape, bytes: fromFloat32(type, toFloat32(factor.type, factor.bytes), factor.shape[0]) },
  );
}
