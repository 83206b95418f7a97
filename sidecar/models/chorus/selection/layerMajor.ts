import type { LayerCache, ObservedQueries } from '../../../../kernels/blocks/attentionInputs.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import type { GraphMemory } from '../../../../kernels/ggml/graphMemory.ts';
import { copy, getRows, view } from '../../../../kernels/ggml/ops.ts';
import { Storage } from '../../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import { cachedHeads, isSliding, queryHeads } from '../../architectures/architecture.ts';
import { causalMask } from '../cache/causalMask.ts';
import { firstObserved, LayerSelection, type KeptRows, type SelectionPlan } from './layerSelection.ts';
import { padRows } from '../network/graphExtents.ts';
import type { NetworkOptions } from '../network/network.ts';
import { outputLogits } from '../network/outputLogits.ts';
import { graphMemoryOn } from '../network/placement.ts';
import { promptChunks, type Chunk, type ObservedTokens } from './promptChunks.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';

export interface LayerMajorOptions {
  /** Tokens of one evaluation; fewer where the context is so long that their mask, or what a selector looks at, would be large. */
  readonly chunkTokens: number;
  /** Type of a layer's keys and values while it is computed. */
  readonly cacheType?: TensorType;
}

/** A sequence that holds what is chosen of a prompt. */
export interface PrefillTarget {
  /** Empty, and with room for what is kept of the tokens; it stays empty by an adaptive budget. */
  readonly sequence: SequenceCache;
  /** Without one all rows are kept. */
  readonly selection?: SelectionPlan;
}

/**
 * Reads a prompt layer by layer: all chunks of it go through the first layer, then all through the second. Only one layer's keys and values are there
 * in full; when it is done, its rows are chosen and gathered into the sequence's cache. Each layer's weights are read once a prompt where they don't stay
 * near the processor. The results are those of reading chunk by chunk through all layers. Several sequences may each hold what another selection chooses.
 */
export class LayerMajorPrefill implements Disposable {
  readonly #chunks: readonly Chunk[];
  readonly #tokens: readonly TokenId[];
  readonly #contextTokens: number;
  readonly #rows: number;
  readonly #memory: GraphMemory;
  readonly #residual: Storage;
  /** `[width, tokens]`: what enters the block that is computed, and then what leaves it. */
  readonly #x: Tensor;
  /** `[chunkTokens]`, I32. Not every layer looks at positions, so that they are no input of a graph. */
  readonly #positions: Tensor;
  #layer: { readonly device: Device; readonly storage: Storage; readonly cache: LayerCache } | undefined;
  /** Targets that the same chooses for: they differ in no more than how many rows they keep. */
  readonly #groups: readonly (readonly PrefillTarget[])[];
  /** Of the block that is computed, one for each group. */
  #selections: readonly LayerSelection[] = [];
  #block = 0;
  #chunk = 0;
  #logits: Float32Array | undefined;
  readonly #kept: ReadonlyMap<PrefillTarget, KeptRows[]>;

  constructor(
    private readonly options: NetworkOptions,
    private readonly targets: readonly PrefillTarget[],
    tokens: readonly TokenId[],
    private readonly how: LayerMajorOptions,
  ) {
    const { placement, hyperparameters } = options;
    const selected = targets.flatMap(({ selection }) => (selection && tokens.length > selection.capacity ? [selection] : []));
    const replays = selected.find(({ selector }) => selector.observation?.of === 'replay')?.replay?.(tokens) ?? [];
    this.#contextTokens = tokens.length;
    this.#tokens = [...tokens, ...replays.flat()];
    this.#chunks = promptChunks(tokens.length, { replays, chunkTokens: how.chunkTokens, observed: selected.flatMap((plan) => this.#observed(plan, tokens.length) ?? []) });
    this.#groups = grouped(targets);
    this.#kept = new Map(targets.map((target) => [target, []]));
    const longestReplay = Math.max(0, ...replays.map(({ length }) => length));
    this.#rows = padRows(tokens.length + longestReplay);
    this.#memory = graphMemoryOn(placement);
    this.#residual = new Storage(placement.device, { maxTensors: 2 });
    this.#x = this.#residual.declare('residual', 'F32', [hyperparameters.width, this.#tokens.length]);
    this.#positions = this.#residual.declare('positions', 'I32', [how.chunkTokens]);
    this.#residual.allocate();
  }

  get isDone(): boolean {
    return this.#block === this.options.hyperparameters.blockCount;
  }

  /** 0 to 1. */
  get share(): number {
    return (this.#block + this.#chunk / this.#chunks.length) / this.options.hyperparameters.blockCount;
  }

  /** Of the last token, when it is done. */
  get logits(): Float32Array {
    if (!this.#logits) throw new Error('The prompt is not read yet.');
    return this.#logits;
  }

  /** The rows that each layer keeps, when it is done, of each target; only where its plan asks for them. */
  get kept(): readonly (readonly KeptRows[])[] {
    return [...this.#kept.values()];
  }

  /** Memory besides weights and the sequence's own cache. */
  get sizeBytes(): number {
    return this.#memory.sizeBytes + this.#residual.sizeBytes + (this.#layer?.storage.sizeBytes ?? 0) + this.#selections.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** Computes one chunk of one block. */
  async step(): Promise<void> {
    const cache = this.#layerCache();
    await this.#computeChunk(cache, this.#chunks[this.#chunk] as Chunk);
    this.#chunk++;
    if (this.#chunk < this.#chunks.length) return;
    for (const [index, group] of this.#groups.entries()) {
      const selection = this.#selections[index] as LayerSelection;
      for (const target of group) this.#kept.get(target)?.push(await selection.keep(target.selection, cache, target.sequence.layers[this.#block] as LayerCache, this.#memory));
    }
    this.#endSelections();
    this.#chunk = 0;
    this.#block++;
    if (!this.isDone) return;
    const tokens = this.#tokens.slice(0, this.#contextTokens);
    for (const { sequence, selection } of this.targets) if (selection?.budget !== 'adaptive') sequence.hold(tokens, Math.min(tokens.length, selection?.capacity ?? Infinity));
  }

  /** To the end. Rejects with the reason of a signal that aborts between two chunks. */
  async run(signal?: AbortSignal): Promise<void> {
    while (!this.isDone) {
      signal?.throwIfAborted();
      await this.step();
    }
  }

  [Symbol.dispose](): void {
    this.#endSelections();
    this.#layer?.storage[Symbol.dispose]();
    this.#residual[Symbol.dispose]();
    this.#memory[Symbol.dispose]();
  }

  async #computeChunk(cache: LayerCache, chunk: Chunk): Promise<void> {
    const { architecture, hyperparameters, placement, weights } = this.options;
    const { device } = placement;
    const [block, { first, count, past }] = [this.#block, chunk];
    if (this.#selections.length === 0) this.#selections = this.#groups.map((group) => this.#startSelection(group));
    const isLast = block === hyperparameters.blockCount - 1;
    const isEnd = isLast && first + count === this.#contextTokens;
    const attendedRows = Math.min(this.#rows, padRows(past + count));
    using graph = new Graph(device, { alsoOn: placement.cpu });
    const tokens = block === 0 ? graph.input('tokens', 'I32', [count]) : undefined;
    const positions = view(graph, this.#positions, [count]);
    const rows = graph.input('rows', 'I64', [count]);
    const mask = graph.input('mask', 'F16', [attendedRows, count]);
    // Of the last block nothing but the last token is of further use.
    const outputRows = isLast ? graph.input('outputRows', 'I32', [1]) : undefined;
    const finishers: (() => void)[] = [];
    const onQueries = (queries: ObservedQueries): void => {
      for (const selection of this.#selections) {
        const finish = selection.observe(graph, queries, chunk);
        if (finish) finishers.push(finish);
      }
    };
    const window = view(graph, this.#x, [hyperparameters.width, count], { offsetBytes: first * this.#x.strides[1] });
    const y = architecture.buildBlock(
      { graph, weights: weights.table, hyperparameters, block, cache, inputs: { positions, rows, mask, attendedRows, onQueries }, outputRows },
      tokens ? getRows(graph, weights.table.tensor('token_embd.weight'), tokens) : window,
    );
    const logits = isEnd ? outputLogits(graph, weights.table, hyperparameters, y) : undefined;
    if (!logits) graph.expand(isLast ? y : copy(graph, y, window));
    for (const finish of finishers) finish();
    graph.allocate(this.#memory);
    if (tokens) write(device, tokens, Int32Array.from(this.#tokens.slice(first, first + count)));
    write(device, this.#positions, Int32Array.from({ length: count }, (_, index) => past + index));
    write(device, rows, BigInt64Array.from({ length: count }, (_, index) => BigInt(past + index)));
    const windowTokens = isSliding(hyperparameters, block) ? hyperparameters.sliding?.windowTokens : undefined;
    write(device, mask, causalMask({ tokens: count, attendedRows, past, windowTokens }));
    if (outputRows) write(device, outputRows, Int32Array.of(count - 1));
    await graph.compute();
    if (logits) this.#logits = readF32(device, logits);
  }

  /** What the selector looks at, in the layer of the most query heads. */
  #observed(plan: SelectionPlan, contextTokens: number): ObservedTokens | undefined {
    const { hyperparameters } = this.options;
    const { observation } = plan.selector;
    const tokenBytes = observation?.tokenBytes;
    if (!observation || !tokenBytes) return undefined;
    const heads = Math.max(...Array.from({ length: hyperparameters.blockCount }, (_, block) => queryHeads(hyperparameters, block)));
    return { of: observation.of, from: firstObserved(observation, contextTokens, plan.window), tokenBytes: (rows) => tokenBytes({ rows, heads, headSize: hyperparameters.headSize }) };
  }

  #startSelection(group: readonly PrefillTarget[]): LayerSelection {
    return new LayerSelection(this.options, { plans: group.flatMap(({ selection }) => selection ?? []), block: this.#block, contextTokens: this.#contextTokens, rows: this.#rows });
  }

  #endSelections(): void {
    for (const selection of this.#selections) selection[Symbol.dispose]();
    this.#selections = [];
  }

  /** The full keys and values of the block that is computed. One memory serves all blocks of a device. */
  #layerCache(): LayerCache {
    const { placement, hyperparameters } = this.options;
    const device = placement.cacheDevice(this.#block);
    const width = cachedHeads(hyperparameters, this.#block) * hyperparameters.headSize;
    if (this.#layer && (this.#layer.device !== device || this.#layer.cache.key.shape[0] !== width)) {
      this.#layer.storage[Symbol.dispose]();
      this.#layer = undefined;
    }
    if (!this.#layer) {
      const storage = new Storage(device, { maxTensors: 2 });
      const type = this.how.cacheType ?? 'F16';
      const cache = { key: storage.declare('key', type, [width, this.#rows]), value: storage.declare('value', type, [width, this.#rows]) };
      storage.allocate({ clear: true });
      this.#layer = { device, storage, cache };
    }
    return this.#layer.cache;
  }
}

/** By selector and window. */
function grouped(targets: readonly PrefillTarget[]): readonly (readonly PrefillTarget[])[] {
  const groups: PrefillTarget[][] = [];
  for (const target of targets) {
    const { selection } = target;
    const alike = groups.find(([first]) => first?.selection?.selector === selection?.selector && first?.selection?.window === selection?.window);
    if (alike) alike.push(target);
    else groups.push([target]);
  }
  return groups;
}
