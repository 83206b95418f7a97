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
import { cachedHeads, isSliding } from '../../architectures/architecture.ts';
import { causalMask } from '../cache/causalMask.ts';
import { LayerSelection, type KeptRows } from './layerSelection.ts';
import { padRows } from '../cache/rowPadding.ts';
import type { NetworkOptions } from '../network/networkGraph.ts';
import { outputLogits } from '../network/outputLogits.ts';
import { graphMemoryOn } from '../network/placement.ts';
import type { Chunk, StepTokens } from './promptChunks.ts';
import { isAlike, plansOf, sharedLength, type PrefillTarget, type Prompt } from './prompts.ts';
import { stretchesOf, type Stretch } from './stretches.ts';

export interface LayerMajorOptions {
  /**
   * Tokens of one evaluation; fewer where the context is so long that their mask, or what a selector looks at, would be
   * large.
   */
  readonly chunkTokens: number;
  /** Fewer where nothing else should wait long for an evaluation. */
  readonly stepTokens?: StepTokens;
  /** Type of a layer's keys and values while it is computed. */
  readonly cacheType?: TensorType;
}

/**
 * Reads prompts layer by layer: all chunks go through the first layer, then all through the second. Only one layer's
 * keys and values are there in full; at a prompt's end its rows are chosen and gathered into the sequence's cache. Each
 * layer's weights serve all chunks before the next layer's. The results are those of reading chunk by chunk through all
 * layers. Several sequences may each hold what another selection chooses, and what several prompts begin with is read
 * once.
 */
export class LayerMajorPrefill implements Disposable {
  readonly #stretches: readonly Stretch[];
  /** What is shared, and then of each prompt the rest and what its selectors read after it. */
  readonly #tokens: readonly TokenId[];
  readonly #rows: number;
  readonly #memory: GraphMemory;
  readonly #residual: Storage;
  /** `[width, tokens]`: what enters the block that is computed, and then what leaves it. */
  readonly #x: Tensor;
  /** `[chunkTokens]`, I32. Not every layer looks at positions, so that they are no input of a graph. */
  readonly #positions: Tensor;
  #layer: { readonly device: Device; readonly storage: Storage; readonly cache: LayerCache } | undefined;
  /** Of the block that is computed, one for each group of the stretch. */
  #selections: readonly LayerSelection[] = [];
  /** Of the same block, those that saw what prompts share. */
  #shared: readonly LayerSelection[] = [];
  #block = 0;
  #stretch = 0;
  #chunk = 0;
  #logits: Float32Array[] = [];
  readonly #kept: ReadonlyMap<PrefillTarget, KeptRows[]>;

  constructor(
    private readonly options: NetworkOptions,
    private readonly prompts: readonly Prompt[],
    private readonly how: LayerMajorOptions,
  ) {
    const { placement, hyperparameters } = options;
    const shared = sharedLength(prompts);
    const replays = prompts.map(
      (prompt) =>
        plansOf(prompt)
          .find(({ selector }) => selector.observation?.of === 'replay')
          ?.replay?.(prompt.tokens) ?? [],
    );
    this.#tokens = [
      ...(prompts[0]?.tokens.slice(0, shared) ?? []),
      ...prompts.flatMap(({ tokens }, prompt) => [
        ...tokens.slice(shared),
        ...(replays[prompt] as readonly (readonly TokenId[])[]).flat(),
      ]),
    ];
    this.#stretches = stretchesOf(prompts, {
      shared,
      replays,
      chunkTokens: how.chunkTokens,
      stepTokens: how.stepTokens,
      hyperparameters,
    });
    const targets = prompts.flatMap((prompt) => prompt.targets);
    this.#kept = new Map(targets.map((target) => [target, []]));
    const longestReplay = Math.max(0, ...replays.flat().map(({ length }) => length));
    this.#rows = padRows(Math.max(...prompts.map(({ tokens }) => tokens.length)) + longestReplay);
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
    const chunks = this.#stretches.map((stretch) => stretch.chunks.length);
    const done = sum(chunks.slice(0, this.#stretch)) + this.#chunk;
    return (this.#block + done / sum(chunks)) / this.options.hyperparameters.blockCount;
  }

  /** Of each prompt's last token, when it is done. */
  get logits(): readonly Float32Array[] {
    if (!this.isDone) throw new Error('Not everything is read yet.');
    return this.#logits;
  }

  /**
   * The rows that each layer keeps, when it is done, of each target, prompt by prompt; only where its plan asks for
   * them.
   */
  get kept(): readonly (readonly KeptRows[])[] {
    return [...this.#kept.values()];
  }

  /** Memory besides weights and the sequence's own cache. */
  get sizeBytes(): number {
    return (
      this.#memory.sizeBytes +
      this.#residual.sizeBytes +
      (this.#layer?.storage.sizeBytes ?? 0) +
      sum([...this.#selections, ...this.#shared].map(({ sizeBytes }) => sizeBytes))
    );
  }

  /** Computes one chunk of one block. */
  async step(): Promise<void> {
    const cache = this.#layerCache();
    const stretch = this.#stretches[this.#stretch] as Stretch;
    if (this.#selections.length === 0)
      this.#selections = stretch.groups.map((group) => this.#startSelection(group, stretch));
    await this.#computeChunk(cache, stretch, stretch.chunks[this.#chunk] as Chunk);
    this.#chunk++;
    if (this.#chunk < stretch.chunks.length) return;
    if (stretch.isShared) [this.#shared, this.#selections] = [this.#selections, []];
    else await this.#keep(stretch, cache);
    this.#chunk = 0;
    this.#stretch++;
    if (this.#stretch < this.#stretches.length) return;
    this.#endSelections();
    this.#stretch = 0;
    this.#block++;
    if (!this.isDone) return;
    for (const { tokens, targets } of this.prompts) {
      for (const { sequence, selection } of targets)
        if (selection?.budget !== 'adaptive')
          sequence.hold(tokens, Math.min(tokens.length, selection?.capacity ?? Infinity));
    }
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

  /** Chooses and gathers what each of a prompt's targets keeps of a block. */
  async #keep({ groups }: Stretch, cache: LayerCache): Promise<void> {
    for (const [index, group] of groups.entries()) {
      const selection = this.#selections[index] as LayerSelection;
      for (const target of group)
        this.#kept
          .get(target)
          ?.push(
            await selection.keep(
              target.selection,
              cache,
              target.sequence.layers[this.#block] as LayerCache,
              this.#memory,
            ),
          );
      selection[Symbol.dispose]();
    }
    this.#selections = [];
  }

  async #computeChunk(cache: LayerCache, { contextTokens, isShared }: Stretch, chunk: Chunk): Promise<void> {
    const { architecture, hyperparameters, placement, weights } = this.options;
    const { device } = placement;
    const [block, { first, count, past }] = [this.#block, chunk];
    const isLast = block === hyperparameters.blockCount - 1;
    const isEnd = isLast && !isShared && !chunk.isReplay && past + count === contextTokens;
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
      {
        graph,
        weights: weights.table,
        hyperparameters,
        block,
        cache,
        inputs: { positions, rows, mask, attendedRows, onQueries },
        outputRows,
      },
      tokens ? getRows(graph, weights.table.tensor('token_embd.weight'), tokens) : window,
    );
    const logits = isEnd ? outputLogits(graph, weights.table, hyperparameters, y) : undefined;
    if (!logits) graph.expand(isLast ? y : copy(graph, y, window));
    for (const finish of finishers) finish();
    graph.allocate(this.#memory);
    if (tokens) write(device, tokens, Int32Array.from(this.#tokens.slice(first, first + count)));
    write(
      device,
      this.#positions,
      Int32Array.from({ length: count }, (_, index) => past + index),
    );
    write(
      device,
      rows,
      BigInt64Array.from({ length: count }, (_, index) => BigInt(past + index)),
    );
    const windowTokens = isSliding(hyperparameters, block) ? hyperparameters.sliding?.windowTokens : undefined;
    write(device, mask, causalMask({ tokens: count, attendedRows, past, windowTokens }));
    if (outputRows) write(device, outputRows, Int32Array.of(count - 1));
    await graph.compute();
    if (logits) this.#logits.push(readF32(device, logits));
  }

  #startSelection(group: readonly PrefillTarget[], { contextTokens }: Stretch): LayerSelection {
    const selection = new LayerSelection(this.options, {
      plans: group.flatMap(({ selection: plan }) => plan ?? []),
      block: this.#block,
      contextTokens,
      rows: this.#rows,
    });
    const index =
      this.#stretches[0]?.groups.findIndex(([first]) => first && isAlike(first, group[0] as PrefillTarget)) ?? -1;
    const before = this.#shared[index];
    if (before) selection.goOnFrom(before);
    return selection;
  }

  #endSelections(): void {
    for (const selection of [...this.#selections, ...this.#shared]) selection[Symbol.dispose]();
    [this.#selections, this.#shared] = [[], []];
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
      const cache = {
        key: storage.declare('key', type, [width, this.#rows]),
        value: storage.declare('value', type, [width, this.#rows]),
      };
      storage.allocate({ clear: true });
      this.#layer = { device, storage, cache };
    }
    return this.#layer.cache;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
