import type { Device } from '../../../kernels/ggml/device.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { isQuantised } from '../../../kernels/ggml/types.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import type { AttentionExperts } from '../../../kernels/blocks/attentionExperts.ts';
import { Columns, SharedDown, SharedRows, type LowRankMatrix } from '../../../kernels/blocks/lowRank.ts';
import { PURPOSES, type Purpose } from '../../protocol/engine.ts';
import type { LowRankMixture, WeightTable } from '../architectures/weightTable.ts';
import type { Placement } from '../chorus/network/placement.ts';
import type { PlacedWeights } from '../chorus/network/weights.ts';
import type { AdapterFile } from './adapterFile.ts';
import { routerName, type ExpertMixture } from './expertMixture.ts';
import type { Factor } from './factor.ts';
import { bytesInMemory, factorColumns } from './factorColumns.ts';
import { joinFactors, joinRows, stackExperts, type JoinedFactors } from './joinFactors.ts';

/** Three tensors for each of seven matrices, and a router, in at most 1,000 blocks. */
const MAX_FACTORS = 22_000;

/** The adapters that count for a purpose. */
export const adaptersFor = (adapters: readonly AdapterFile[], purpose: Purpose): readonly AdapterFile[] =>
  adapters.filter((adapter) => adapter.purpose === undefined || adapter.purpose === purpose);

/** Whether the same adapters count for every purpose. */
const areForAll = (adapters: readonly AdapterFile[]): boolean => adapters.every(({ purpose }) => purpose === undefined);

/** The bytes of the factors of adapters for each matrix that they change. */
export function factorBytes(adapters: readonly AdapterFile[]): ReadonlyMap<string, number> {
  const bytes = new Map<string, number>();
  const sets = areForAll(adapters) ? [adapters] : PURPOSES.map((purpose) => adaptersFor(adapters, purpose));
  for (const layer of sets.flatMap((set) => Object.values(layersOf(set))))
    for (const [name, factors] of joinFactors(layer))
      bytes.set(name, (bytes.get(name) ?? 0) + bytesInMemory(factors) + widenedBytes(name, factors, layer[0]?.mixture));
  return bytes;
}

/** What the queries of attending experts take more: stacked factors of quantised types become float32. */
function widenedBytes(name: string, { up }: JoinedFactors, mixture: ExpertMixture | undefined): number {
  const isWidened = mixture?.form === 'attention' && name.endsWith('.attn_q.weight') && isQuantised(up.type);
  return isWidened ? Math.max(0, 4 * up.shape[0] * up.shape[1] - up.bytes.length) : 0;
}

/**
 * Loads the factors of adapters. Without routers all of them count for every token of a purpose. A mixture changes the
 * matrices that the other adapters changed. Returns the weights with them; they own the weights from now on.
 */
export function withAdapters(
  weights: PlacedWeights,
  adapters: readonly AdapterFile[],
  placement: Placement,
): PlacedWeights {
  if (adapters.length === 0) return weights;
  const adapted: AdaptedTable[] = [];
  const dispose = (): void => {
    for (const each of [...adapted, weights]) each[Symbol.dispose]();
  };
  try {
    for (const purpose of areForAll(adapters) ? [PURPOSES[0]] : PURPOSES)
      adapted.push(adaptTable(weights.table, adaptersFor(adapters, purpose), placement));
  } catch (error) {
    dispose();
    throw error;
  }
  const [completion, chat] = adapted as [AdaptedTable, AdaptedTable?];
  return {
    table: completion.table,
    ...(chat ? { chatTable: chat.table } : {}),
    sizeBytes: adapted.reduce((sum, { sizeBytes }) => sum + sizeBytes, weights.sizeBytes),
    gpuBytes: adapted.reduce((sum, { gpuBytes }) => sum + gpuBytes, weights.gpuBytes),
    [Symbol.dispose]: dispose,
  };
}

/** A model's tensors with adapters, and the memory of their factors. */
export interface AdaptedTable extends Disposable {
  readonly table: WeightTable;
  readonly sizeBytes: number;
  /** The part of `sizeBytes` on a GPU. */
  readonly gpuBytes: number;
}

/**
 * Loads the factors of adapters, in place of those that the table has. The factors of one matrix stand side by side, so
 * that two products serve all adapters. Throws `AllocationError` if a device has no memory.
 */
export function adaptTable(base: WeightTable, adapters: readonly AdapterFile[], placement: Placement): AdaptedTable {
  const factors = new FactorStorage(placement);
  try {
    const { plain, routed } = layersOf(adapters);
    const matrices = lowRankMatrices(joinFactors(plain), factors, (name) => base.tensor(name));
    const table = base.withLowRank(matrices, mixtureOf(routed, factors));
    factors.fill();
    return {
      table,
      sizeBytes: factors.bytes(() => true),
      gpuBytes: factors.bytes(({ kind }) => kind !== 'cpu'),
      [Symbol.dispose]: () => factors[Symbol.dispose](),
    };
  } catch (error) {
    factors[Symbol.dispose]();
    throw error;
  }
}

const layersOf = (adapters: readonly AdapterFile[]): Readonly<Record<'plain' | 'routed', readonly AdapterFile[]>> => ({
  plain: adapters.filter(({ mixture }) => !mixture),
  routed: adapters.filter(({ mixture }) => mixture),
});

/** Declares the factors of all matrices. Matrices of one block that read the same input share their first product. */
function lowRankMatrices(
  joined: ReadonlyMap<string, JoinedFactors>,
  storage: FactorStorage,
  baseOf?: (name: string) => Tensor,
): ReadonlyMap<string, LowRankMatrix> {
  const matrices = new Map<string, LowRankMatrix>();
  for (const names of inputGroups([...joined.keys()])) {
    const ofGroup = names.map((name) => joined.get(name) as JoinedFactors);
    const downs = ofGroup.map(({ down }) => down);
    const isShared =
      names.length > 1 && isOneShape(downs) && new Set(names.map((name) => storage.deviceOf(name))).size === 1;
    const shared = isShared
      ? new SharedDown(storage.declare(`${names[0]}.lora_a.shared`, joinRows(downs), names[0]), names.length)
      : undefined;
    for (const [index, name] of names.entries())
      matrices.set(name, {
        base: baseOf?.(name),
        down: shared ? new SharedRows(shared, index) : storage.declare(`${name}.lora_a`, downs[index] as Factor, name),
        up: storage.declareUp(name, (ofGroup[index] as JoinedFactors).up),
        factor: 1,
      });
  }
  return matrices;
}

/** The matrices that read the same input, in their order. */
const SAME_INPUT: readonly (readonly string[])[] = [
  ['attn_q', 'attn_k', 'attn_v'],
  ['ffn_gate', 'ffn_up'],
];

/** Parts names of matrices by the input that they read. */
function inputGroups(names: readonly string[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const [, block, matrix] = /^(blk\.\d+)\.(\w+)\.weight$/.exec(name) ?? [];
    const group = SAME_INPUT.findIndex((each) => matrix !== undefined && each.includes(matrix));
    const key = group < 0 ? name : `${block} ${group}`;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()];
}

const isOneShape = (factors: readonly Factor[]): boolean =>
  factors.every(({ type, shape: [width, rank] }) => {
    const first = factors[0] as Factor;
    return type === first.type && width === first.shape[0] && rank === first.shape[1];
  });

function mixtureOf(routed: readonly AdapterFile[], storage: FactorStorage): LowRankMixture | undefined {
  const [{ mixture } = { mixture: undefined }] = routed;
  if (!mixture) return undefined;
  const { routers, form: _form, ...options } = mixture;
  const { joined, attention } = attentionApart(joinFactors(routed), mixture, storage);
  return {
    matrices: lowRankMatrices(joined, storage),
    attention,
    routers: new Map(
      [...routers].map(([block, router]) => [
        block,
        { ...options, router: storage.declare(routerName(block), router) },
      ]),
    ),
  };
}

/** Declares the factors of experts that attend with their own queries. `joined`: those of all other matrices. */
function attentionApart(
  all: ReadonlyMap<string, JoinedFactors>,
  { form, experts, routers }: ExpertMixture,
  storage: FactorStorage,
): { readonly joined: ReadonlyMap<string, JoinedFactors>; readonly attention: LowRankMixture['attention'] } {
  const joined = new Map(all);
  const attention = new Map<number, Omit<AttentionExperts, 'gates'>>();
  const take = (name: string): JoinedFactors | undefined => {
    const factors = joined.get(name);
    joined.delete(name);
    return factors;
  };
  for (const block of form === 'attention' ? routers.keys() : []) {
    const [queryName, outputName] = [`blk.${block}.attn_q.weight`, `blk.${block}.attn_output.weight`];
    // Experts with the same queries attend alike, so their output matrices can change one attention.
    if (!joined.has(queryName)) continue;
    const [query, output] = [take(queryName) as JoinedFactors, take(outputName)];
    attention.set(block, {
      query: {
        down: storage.declare(`${queryName}.lora_a`, query.down, queryName),
        up: storage.declareUp(queryName, query.up, { stackedExperts: experts }),
      },
      ...(output && {
        output: {
          down: storage.declare(`${outputName}.lora_a`, output.down, outputName),
          up: storage.declareUp(outputName, output.up),
        },
      }),
    });
  }
  return { joined, attention };
}

/** Factors on the devices of the matrices that they change. Declare them all, then call `fill`. */
class FactorStorage implements Disposable {
  readonly #storages = new Map<Device, Storage>();
  readonly #factors: { readonly device: Device; readonly tensor: Tensor; readonly bytes: Uint8Array }[] = [];

  constructor(private readonly placement: Placement) {}

  deviceOf(matrix: string): Device {
    return this.placement.weightDevice({ name: matrix, use: 'matrix' });
  }

  /** Declares a factor on the device of the named tensor. */
  declare(name: string, { type, shape, bytes }: Factor, beside = name): Tensor {
    const device = this.deviceOf(beside);
    let storage = this.#storages.get(device);
    if (!storage) this.#storages.set(device, (storage = new Storage(device, { maxTensors: MAX_FACTORS })));
    const tensor = storage.declare(name, type, shape);
    this.#factors.push({ device, tensor, bytes });
    return tensor;
  }

  /**
   * Declares the second factor of a matrix. Few ranks are columns if the whole model is on the processor.
   * `stackedExperts`: so many experts are stored one after the other, `[rank, out · experts]`.
   */
  declareUp(
    matrix: string,
    up: Factor,
    { stackedExperts }: { readonly stackedExperts?: number } = {},
  ): Tensor | Columns {
    const { device, cpu } = this.placement;
    const columns = device.kind === 'cpu' && !cpu ? factorColumns(up) : undefined;
    if (columns) return new Columns(this.declare(`${matrix}.lora_b.columns`, columns, matrix));
    return this.declare(`${matrix}.lora_b`, stackedExperts ? stackExperts(up, stackedExperts) : up, matrix);
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
