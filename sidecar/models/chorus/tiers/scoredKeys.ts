import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { cacheHeads } from '../../../../kernels/blocks/attendCache.ts';
import { planePlace, type PageKeys } from '../../../../kernels/cache/pages.ts';
import { writeScoredKeys } from '../../../../kernels/cache/scoredKeys.ts';
import type { DeviceKind } from '../../../../kernels/ggml/device.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import { reshape } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';
import { tensorTypes, type TensorType } from '../../../../kernels/ggml/types.ts';
import { cachedHeads } from '../../architectures/architecture.ts';
import { BlockStorage } from '../network/blockStorage.ts';
import { rowExtents } from '../cache/cacheLayout.ts';
import { KeptGraphs } from '../network/keptGraphs.ts';
import type { Network } from '../network/network.ts';
import { graphMemoryOn, keptOn } from '../network/placement.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { takeSequenceMemory } from '../cache/sequenceMemory.ts';
import { SharedNumbers } from './sharedNumbers.ts';
import type { TierOptions } from './tierOptions.ts';

/** The rows of an evaluation: of a page, of an evaluation's tokens, or of a context that was read in another way. */
const ROWS_AT_ONCE = [16, 64, 512] as const;

interface BuiltGraph {
  readonly graph: Graph;
  readonly rows: SharedNumbers;
  readonly places: Tensor;
}

/**
 * Keys that pages are scored by in place of a sequence's own: the mean of each `meanRows` neighbouring keys. On the
 * processor they have eight bits, which it multiplies several times as fast as float16. They are computed at a choice,
 * for the rows that were appended since the last.
 */
export class ScoredKeys implements Disposable {
  readonly #storage: BlockStorage;
  readonly #keys: readonly Tensor[];
  /** Only if all are on the processor: GPUs ignore gaps between planes. */
  readonly #isByPlane: boolean;
  readonly #graphs: KeptGraphs<BuiltGraph>;
  #coveredRows = 0;

  constructor(
    private readonly network: Network,
    private readonly sequence: SequenceCache,
    private readonly options: Pick<TierOptions, 'pageRows' | 'meanRows' | 'cacheType'>,
  ) {
    const { placement, hyperparameters } = network.options;
    const { blockCount, headSize } = hyperparameters;
    const { meanRows } = options;
    this.#storage = new BlockStorage((block) => keptOn(placement, block), blockCount);
    this.#keys = Array.from({ length: blockCount }, (_, block) => {
      const device = keptOn(placement, block);
      const type = scoredType(options, device.kind, headSize) ?? 'F16';
      return this.#storage.declare(
        block,
        'scoredKeys',
        type,
        rowExtents('heads', device, {
          type,
          headSize,
          kvHeads: cachedHeads(hyperparameters, block),
          rows: sequence.memoryRows / meanRows,
        }),
      );
    });
    this.#isByPlane = this.#keys.every((_, block) => keptOn(placement, block).kind === 'cpu');
    this.#graphs = new KeptGraphs(graphMemoryOn(placement), ROWS_AT_ONCE.length);
    sequence.onTruncate.add((length) => {
      this.#coveredRows = Math.min(this.#coveredRows, length - (length % meanRows));
    });
  }

  /**
   * The keys of a block in the layout of its cache: `[headSize, rows / meanRows, kvHeads]`, or `[headSize · kvHeads,
   * rows / meanRows]`; on the processor by planes.
   */
  of(block: number): PageKeys {
    this.#storage.allocate();
    return { key: this.#keys[block] as Tensor, isByPlane: this.#isByPlane };
  }

  get gpuBytes(): number {
    return this.#storage.gpuBytes + this.#graphs.memory.gpuBytes;
  }

  /**
   * Computes the keys that are missing before row `end`, a multiple of `meanRows`. All rows before it must have been
   * evaluated. Resolves and rejects as `Network.compute`; keys that were computed before are kept.
   */
  async cover(end: number, signal?: AbortSignal): Promise<void> {
    const { network } = this;
    const { meanRows, pageRows } = this.options;
    const planes = { pages: this.sequence.memoryRows / pageRows, pageKeys: pageRows / meanRows };
    const [fewest, some, most] = ROWS_AT_ONCE.map((rows) => Math.ceil(rows / meanRows)) as [number, number, number];
    const { device } = network.options.placement;
    this.#storage.allocate();
    const last = end / meanRows - 1;
    for (let first = this.#coveredRows / meanRows; first <= last;) {
      const count = [fewest, some].find((keys) => last - first < keys) ?? most;
      const built = takeSequenceMemory(device, () =>
        this.#graphs.obtain(
          `${count}`,
          () => this.#build(count),
          () => this.#build(most),
        ),
      );
      // Unused places repeat the last one.
      const places = Array.from({ length: count }, (_, index) => Math.min(first + index, last));
      built.rows.write(
        device,
        places.flatMap((place) => Array.from({ length: meanRows }, (_, row) => place * meanRows + row)),
      );
      write(
        device,
        built.places,
        BigInt64Array.from(places, (place) => BigInt(this.#isByPlane ? planePlace(place, planes) : place)),
      );
      await network.compute(built.graph, { tokens: 1, isToken: false, signal });
      first += count;
      this.#coveredRows = Math.min(first, last + 1) * meanRows;
    }
  }

  [Symbol.dispose](): void {
    this.#graphs[Symbol.dispose]();
    this.#storage[Symbol.dispose]();
  }

  #build(count: number): BuiltGraph {
    const { placement, hyperparameters } = this.network.options;
    const { headSize } = hyperparameters;
    const { meanRows } = this.options;
    const graph = new Graph(placement.device, { alsoOn: placement.cpu });
    const rows = new SharedNumbers(graph, hyperparameters, { name: 'rows', count: count * meanRows, blocks: 1 });
    const places = graph.input('places', 'I64', [count]);
    for (const [block, layer] of this.sequence.layers.entries()) {
      const { key, device } = layer as LayerCache;
      const kvHeads = cachedHeads(hyperparameters, block);
      graph.on(device, () => {
        const keys = cacheHeads(graph, key, key.shape[1], headSize, kvHeads);
        writeScoredKeys(graph, keys, this.#keys[block] as Tensor, {
          rows: reshape(graph, rows.of(kvHeads), [count * meanRows, kvHeads]),
          places,
          meanRows,
        });
      });
    }
    return { graph, rows, places };
  }
}

/** Returns the type of these keys on a kind of device; `undefined` if pages are scored by the cache's own keys. */
export function scoredType(
  { meanRows, cacheType }: Pick<TierOptions, 'meanRows' | 'cacheType'>,
  kind: DeviceKind,
  headSize: number,
): TensorType | undefined {
  const isInEightBits = kind === 'cpu' && headSize % tensorTypes.Q8_0.blockElements === 0;
  if (meanRows === 1 && !(isInEightBits && cacheType === 'F16')) return undefined;
  return isInEightBits ? 'Q8_0' : 'F16';
}
