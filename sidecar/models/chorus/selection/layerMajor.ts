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
   * The most tokens of an evaluation. In long contexts there are fewer, so that their mask and observed attention stay
   * small.
   */
  readonly chunkTokens: number;
  /** The most tokens of a step, if other requests should not wait long for an evaluation. */
  readonly stepTokens?: StepTokens;
  /** The type of a layer's keys and values while it is computed. */
  readonly cacheType?: TensorType;
}

/**
 * Reads prompts layer by layer: all chunks go through the first layer, then all through the second. So only one layer's
 * keys and values are in memory in full, and a layer's weights serve all chunks before the next layer's. At the end of
 * a prompt, the kept rows of the layer are gathered into the sequence's cache. The results equal those of reading chunk
 * by chunk through all layers.
 *
 * Several sequences may each keep the rows that another selection chooses. A common prefix of the prompts is read once.
 */
export class LayerMajorPrefill implements Disposable {
  readonly #stretches: readonly Stretch[];
  /** The shared tokens, and then for each prompt the rest and the tokens that its selectors read after it. */
  readonly #tokens: readonly TokenId[];
  readonly #rows: number;
  readonly #memory: GraphMemory;
  readonly #residual: Storage;
  /** `[width, tokens]`: the input of the current block, and then its output. */
  readonly #x: Tensor;
  /** `[chunkTokens]`, I32. They are no input of a graph, since some layers do not use positions. */
  readonly #positions: Tensor;
  #layer: { readonly device: Device; readonly storage: Storage; readonly cache: LayerCache } | undefined;
  /** The selections of the current block, one for each group of the stretch. */
  #selections: readonly LayerSelection[] = [];
  /** The selections of the current block that observed the shared tokens. */
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

  /** The progress, from 0 to 1. */
  get share(): number {
    const chunks = this.#stretches.map((stretch) => stretch.chunks.length);
    const done = sum(chunks.slice(0, this.#stretch)) + this.#chunk;
    return (this.#block + done / sum(chunks)) / this.options.hyperparameters.blockCount;
  }

  /** The logits of each prompt's last token, once it is done. */
  get logits(): readonly Float32Array[] {
    if (!this.isDone) throw new Error('The prompts are not read to their end yet.');
    return this.#logits;
  }

  /**
   * The rows that each layer keeps for each target, prompt by prompt, once it is done. Empty unless the plan asks for
   * them.
   */
  get kept(): readonly (readonly KeptRows[])[] {
    return [...this.#kept.values()];
  }

  /** The memory in addition to weights and the sequence's own cache. */
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

  /** Computes everything. Rejects with the reason of a signal that aborts between two chunks. */
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

  /** Chooses and gathers the rows of a block that each target of a prompt keeps. */
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
    // Behind the last block only the last token is used.
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
        weights: weights.table.forBlock(graph, block, outputRows),
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

  /** Returns the full cache of the current block. All blocks of a device share its memory. */
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
