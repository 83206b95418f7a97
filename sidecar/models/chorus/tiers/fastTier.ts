import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { ShapeError } from '../../../../kernels/ggml/errors.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import { cachedHeads } from '../../architectures/architecture.ts';
import { BlockStorage } from '../network/blockStorage.ts';
import { copiedLayer, declareLayer, rotatedLayer } from '../cache/cacheLayout.ts';
import { causalMask } from '../cache/causalMask.ts';
import { ChoiceSchedule, tierRows } from './choiceSchedule.ts';
import { KeptGraphs } from '../network/keptGraphs.ts';
import { rememberedRows } from './lastQueries.ts';
import type { ScoredKeys } from './scoredKeys.ts';
import type { HeadRuns } from './headRuns.ts';
import type { Network } from '../network/network.ts';
import type { WantedLogits } from '../network/networkGraph.ts';
import { choosablePages } from './pageChoice.ts';
import { graphMemoryOn } from '../network/placement.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { takeSequenceMemory } from '../cache/sequenceMemory.ts';
import { buildTierGraph, type TierExtents, type TierGraph } from './tierGraph.ts';
import type { TierOptions } from './tierOptions.ts';

/** The most tokens of an evaluation. */
export const TIER_TOKENS = 64;
/** Graphs for a token and for drafts, without a choice and with one, of some heads and of all. */
const KEPT_GRAPHS = 12;

/**
 * Values are transposed if at least this many tokens attend them. That costs a choice as much as it saves a few tokens.
 */
const TURNED_FROM_TOKENS = 4;

/**
 * The rows that a sequence attends of a long context: the window, and pages of its cache. The queries of the last
 * tokens choose the pages, again for every token or every few. The sequence's own cache, the slow tier, keeps all rows,
 * so that the next choice may be another.
 *
 * Each KV head of each layer has its own pages, scored by the attention that they get (as SnapKV's rows, arXiv
 * 2404.14469). Bounds of a page's keys (Quest, arXiv 2406.10774) would be cheaper, but find little with heads as small
 * as those of small models. If some heads are known to need it, only these choose for every token or every few; all
 * heads choose now and then.
 */
export class FastTier implements Disposable {
  readonly #storage: BlockStorage;
  readonly #layers: readonly LayerCache[];
  readonly #graphs: KeptGraphs<TierGraph>;
  readonly #rows: number;
  readonly #scored: ScoredKeys | undefined;
  readonly #runs: HeadRuns | undefined;
  /** When rows are chosen for an answer. Restart it after tokens were appended in another way. */
  readonly schedule: ChoiceSchedule;

  constructor(
    private readonly network: Network,
    private readonly sequence: SequenceCache,
    private readonly options: TierOptions,
    {
      scored,
      runs,
    }: {
      /** The keys that pages are scored by; absent: the sequence's own. */
      readonly scored?: ScoredKeys;
      /** The heads that choose after `refreshTokens`; absent: all. */
      readonly runs?: HeadRuns;
    } = {},
  ) {
    const { placement, hyperparameters } = network.options;
    const { blockCount, headSize } = hyperparameters;
    [this.#scored, this.#runs] = [scored, runs];
    this.#rows = tierRows(options);
    this.schedule = new ChoiceSchedule(options, runs !== undefined);
    this.#storage = new BlockStorage((block) => placement.cacheDevice(block), 3 * blockCount);
    this.#layers = Array.from({ length: blockCount }, (_, block) => {
      const layout = options.refreshTokens < TURNED_FROM_TOKENS ? 'heads' : 'transposed';
      const declared = declareLayer(
        layout,
        placement.cacheDevice(block),
        { type: 'F16', headSize, kvHeads: cachedHeads(hyperparameters, block), rows: this.#rows },
        (name, ...tensor) => this.#storage.declare(block, `${name}.fast`, ...tensor),
      );
      const layer = copiedLayer(declared, (...alias) => this.#storage.declareAlias(block, ...alias));
      // Rows that are gathered from rotated rows are rotated. The device that attends them needs a matrix of its own.
      return sequence.layout[block]?.hadamard
        ? rotatedLayer(layer, headSize, (...constant) => this.#storage.declareConstant(block, ...constant))
        : layer;
    });
    this.#graphs = new KeptGraphs(graphMemoryOn(placement), KEPT_GRAPHS);
    sequence.onTruncate.add((length) => this.schedule.truncated(length));
  }

  get gpuBytes(): number {
    return this.#storage.gpuBytes + this.#graphs.memory.gpuBytes;
  }

  /** The size of the keys and values that a token attends. */
  get attendedBytes(): number {
    return this.#layers.reduce((sum, { key, value }) => sum + key.sizeBytes + value.sizeBytes, 0);
  }

  /**
   * Appends tokens to the sequence, which attend the chosen rows. There may be one token, or up to `TIER_TOKENS` and
   * `schedule.tokensBeforeChoice`. Resolves with the wanted rows of logits, `[rows · vocabulary]`. `signal` ends the
   * scoring of keys that are still missing. Rejects with `ShapeError` if the tokens do not fit behind the chosen rows.
   */
  async evaluate(tokens: readonly TokenId[], wanted: WantedLogits, signal?: AbortSignal): Promise<Float32Array> {
    this.#storage.allocate();
    const { capacity, pageRows, refreshTokens, refreshQueries } = this.options;
    const { device } = this.network.options.placement;
    const length = this.sequence.length;
    const { choice, choosing, queries } = this.schedule.dueAt(length);
    const isDue = choosing !== 'none';
    const candidates = choice.windowStart / pageRows;
    const built = this.#graphFor({
      tokens: tokens.length,
      pages: isDue ? choosablePages(candidates, this.sequence, pageRows) : 0,
      queries,
      choosing,
      wanted,
    });
    const firstRow = capacity + length - choice.windowStart;
    if (firstRow + tokens.length > this.#rows)
      throw new ShapeError(
        `${tokens.length} tokens do not fit behind ${firstRow} of ${this.#rows} rows: a choice is due before.`,
      );
    const { inputs, outputRows, selecting, graph, logits } = built;
    write(device, inputs.tokens, Int32Array.from(tokens));
    write(
      device,
      inputs.positions,
      Int32Array.from(tokens, (_, index) => length + index),
    );
    write(
      device,
      inputs.slowRows,
      BigInt64Array.from(tokens, (_, index) => BigInt(length + index)),
    );
    write(
      device,
      inputs.fastRows,
      BigInt64Array.from(tokens, (_, index) => BigInt(firstRow + index)),
    );
    built.valueCells.write(device, { capacity: this.#rows, past: firstRow });
    const [kept] = this.sequence.lastQueries as readonly [Tensor];
    write(device, inputs.queryRows, rememberedRows(length + tokens.length, inputs.queryRows.shape[0], kept));
    write(device, inputs.mask, causalMask({ tokens: tokens.length, attendedRows: this.#rows, past: firstRow }));
    if (outputRows) write(device, outputRows, Int32Array.of(tokens.length - 1));
    selecting?.write(device, {
      queryNumbers: Array.from(rememberedRows(length + tokens.length, queries, kept), Number),
      candidates,
      // Rows behind the last token are overwritten, or masked.
      windowPages: Array.from({ length: this.#windowPages }, (_, index) =>
        Math.min(candidates + index, Math.floor((length - 1) / pageRows)),
      ),
    });
    if (isDue) await this.#scored?.cover(choice.windowStart, signal);
    this.sequence.beginEvaluation(tokens.length);
    // If the evaluation fails, only a part of the rows is in the fast tier.
    if (isDue) this.schedule.restart();
    // An evaluation with a choice that serves several tokens takes longer than a token does.
    const isUsual = refreshTokens > 1 ? !isDue : this.#runs ? choosing === 'some' : queries === refreshQueries;
    await this.network.compute(graph, { tokens: tokens.length, isToken: tokens.length === 1 && isUsual });
    this.schedule.made(choice);
    this.sequence.append(tokens);
    return logits ? readF32(device, logits) : new Float32Array(0);
  }

  [Symbol.dispose](): void {
    this.#graphs[Symbol.dispose]();
    this.#storage[Symbol.dispose]();
  }

  #graphFor(extents: TierExtents): TierGraph {
    const { tokens, pages, queries, choosing, wanted } = extents;
    const largest = {
      tokens: TIER_TOKENS,
      pages: choosablePages(Infinity, this.sequence, this.options.pageRows),
      queries: this.options.queries,
      choosing: 'all',
      wanted: 'all',
    } as const;
    const key = `${this.sequence.adapterSet} ${tokens} ${pages} ${queries} ${choosing} ${wanted}`;
    return takeSequenceMemory(this.network.options.placement.device, () =>
      this.#graphs.obtain(
        key,
        () => this.#build(extents),
        () => this.#build(largest),
      ),
    );
  }

  #build(extents: TierExtents): TierGraph {
    return buildTierGraph(
      {
        network: this.network,
        sequence: this.sequence,
        options: this.options,
        layers: this.#layers,
        rows: this.#rows,
        windowPages: this.#windowPages,
        scored: this.#scored,
        runs: this.#runs,
      },
      extents,
    );
  }

  /** The number of pages that contain the window's rows, wherever it begins. */
  get #windowPages(): number {
    return this.options.window / this.options.pageRows + 1;
  }
}
