import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import { F16_MINUS_INFINITY } from '../cache/causalMask.ts';
import { padRows } from '../cache/rowPadding.ts';
import { KeptGraphs } from '../network/keptGraphs.ts';
import { rememberedRows } from './lastQueries.ts';
import { buildPromptGraph, voteStrideOf, type PromptGraph, type PromptOptions } from './promptGraph.ts';
import type { ScoredKeys } from './scoredKeys.ts';
import type { Network } from '../network/network.ts';
import type { WantedLogits } from '../network/networkGraph.ts';
import { choosablePages } from './pageChoice.ts';
import { graphMemoryOn } from '../network/placement.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { takeSequenceMemory } from '../cache/sequenceMemory.ts';

/**
 * The most tokens of an evaluation. More would gain little, and all pages that they may choose must be complete before.
 */
const MOST_TOKENS = 64;
/** The most keys of the context times tokens that choose, since scores take memory. */
const MOST_SCORES = 524_288;
/** The rows that a block attends besides its pages are rounded up to this. */
const WINDOW_PADDING = 32;
const KEPT_GRAPHS = 8;

/**
 * Evaluates tokens of a prompt in blocks that choose together. Tokens of a block attend the pages that its own queries
 * choose, and the last tokens.
 */
export class PromptBlocks implements Disposable {
  readonly #graphs: KeptGraphs<PromptGraph>;

  constructor(
    private readonly network: Network,
    private readonly sequence: SequenceCache,
    private readonly options: PromptOptions,
    private readonly scored?: ScoredKeys,
  ) {
    this.#graphs = new KeptGraphs(graphMemoryOn(network.options.placement), KEPT_GRAPHS);
  }

  get gpuBytes(): number {
    return this.#graphs.memory.gpuBytes;
  }

  /** The most tokens of an evaluation: whole blocks. */
  get mostTokens(): number {
    const { window, meanRows, blockTokens } = this.options;
    const blocks = Math.floor(Math.min(MOST_TOKENS, window) / blockTokens);
    const scoresOfBlock = (blockTokens / voteStrideOf(blockTokens)) * Math.ceil(this.sequence.capacity / meanRows);
    return Math.max(1, Math.min(blocks, Math.floor(MOST_SCORES / scoresOfBlock))) * blockTokens;
  }

  /**
   * Appends whole blocks of tokens, at most `mostTokens`. The sequence must end with a block. Resolves and rejects as
   * `Network.evaluate`.
   */
  async evaluate(tokens: readonly TokenId[], wanted: WantedLogits, signal?: AbortSignal): Promise<Float32Array> {
    const { device } = this.network.options.placement;
    const { pageRows, blockTokens } = this.options;
    const length = this.sequence.length;
    const candidates = this.#windowStart(length + tokens.length - blockTokens) / pageRows;
    const pages = choosablePages(candidates, this.sequence, pageRows);
    const built = takeSequenceMemory(device, () =>
      this.#graphs.obtain(
        `${this.sequence.adapterSet} ${tokens.length} ${pages} ${wanted}`,
        () => this.#build(tokens.length, pages, wanted),
        () => this.#build(this.mostTokens, choosablePages(Infinity, this.sequence, pageRows), 'all'),
      ),
    );
    const { inputs, outputRows, graph, logits } = built;
    const [kept] = this.sequence.lastQueries as readonly [Tensor];
    write(device, inputs.tokens, Int32Array.from(tokens));
    write(
      device,
      inputs.positions,
      Int32Array.from(tokens, (_, index) => length + index),
    );
    write(
      device,
      inputs.rows,
      BigInt64Array.from(tokens, (_, index) => BigInt(length + index)),
    );
    write(device, inputs.queryRows, rememberedRows(length + tokens.length, inputs.queryRows.shape[0], kept));
    this.#writeChoice(built, length, tokens.length);
    if (outputRows) write(device, outputRows, Int32Array.of(tokens.length - 1));
    await this.scored?.cover(candidates * pageRows, signal);
    this.sequence.beginEvaluation(tokens.length);
    await this.network.compute(graph, { tokens: tokens.length, isToken: false, signal });
    this.sequence.append(tokens);
    return logits ? readF32(device, logits) : new Float32Array(0);
  }

  [Symbol.dispose](): void {
    this.#graphs[Symbol.dispose]();
  }

  /** The first row of the window of the block that begins at `start`. */
  #windowStart(start: number): number {
    const { window, pageRows } = this.options;
    return Math.floor((start - window) / pageRows) * pageRows;
  }

  /** The rows that a block attends besides its pages, as whole pages: the window, its own rows, and padding. */
  get #windowRows(): number {
    const { window, pageRows, blockTokens } = this.options;
    return padRows(padRows(window + pageRows + blockTokens, WINDOW_PADDING), pageRows);
  }

  /** Writes which rows the blocks may choose and attend, for `tokenCount` tokens from position `first` on. */
  #writeChoice({ inputs, pages, windowPages }: PromptGraph, first: number, tokenCount: number): void {
    const { device } = this.network.options.placement;
    const { capacity, pageRows, blockTokens } = this.options;
    const extraRows = this.#windowRows;
    const windowStarts = Array.from({ length: tokenCount / blockTokens }, (_, block) =>
      this.#windowStart(first + block * blockTokens),
    );
    pages.write(
      device,
      windowStarts.map((windowStart) => windowStart / pageRows),
    );
    // Rows behind the last token are masked.
    const lastPage = Math.floor((first + tokenCount - 1) / pageRows);
    windowPages.write(
      device,
      windowStarts.flatMap((windowStart) =>
        Array.from({ length: extraRows / pageRows }, (_, index) => Math.min(windowStart / pageRows + index, lastPage)),
      ),
    );
    const attended = capacity + extraRows;
    const masked = new Uint16Array(attended * tokenCount).fill(F16_MINUS_INFINITY);
    for (let token = 0; token < tokenCount; token++) {
      const windowStart = windowStarts[Math.floor(token / blockTokens)] as number;
      masked.fill(0, token * attended, token * attended + capacity + first + token + 1 - windowStart);
    }
    write(device, inputs.mask, masked);
  }

  #build(tokens: number, pages: number, wanted: WantedLogits): PromptGraph {
    return buildPromptGraph(
      {
        network: this.network,
        sequence: this.sequence,
        options: this.options,
        windowRows: this.#windowRows,
        scored: this.scored,
      },
      { tokens, pages, wanted },
    );
  }
}

/** Returns the most tokens of an evaluation in blocks of so many, and how many of them choose. */
export function largestEvaluation(blockTokens: number): { readonly tokens: number; readonly votes: number } {
  return { tokens: MOST_TOKENS, votes: Math.ceil(MOST_TOKENS / voteStrideOf(blockTokens)) };
}
