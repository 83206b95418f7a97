import type { TokenId } from '../../../protocol/engine.ts';
import type { ScoredKeys } from './scoredKeys.ts';
import type { Network } from '../network/network.ts';
import type { WantedLogits } from '../network/networkGraph.ts';
import { PromptBlocks } from './promptBlocks.ts';
import type { SequenceCache } from '../cache/sequenceCache.ts';
import { lastAttendingAll, type TierOptions } from './tierOptions.ts';

/**
 * Reads a prompt deep in a context, block by block. The tokens of a block choose the pages that they attend. Blocks
 * begin at multiples of their length, and tokens behind the last whole block attend all rows. So the attended rows
 * depend on the prompt alone, not on the requests before. When a block becomes whole, it is evaluated again.
 */
export class PromptTier implements Disposable {
  /** The first position of a prompt whose token attends chosen pages. */
  readonly firstBlock: number;
  readonly #blocks: PromptBlocks;
  /** Where the block begins that is not whole. */
  #unfinished = Infinity;

  constructor(
    private readonly network: Network,
    private readonly sequence: SequenceCache,
    private readonly options: TierOptions,
    scored?: ScoredKeys,
  ) {
    this.#blocks = new PromptBlocks(network, sequence, { ...options, blockTokens: options.togetherTokens }, scored);
    sequence.onTruncate.add((length) => {
      if (length <= this.#unfinished) this.#unfinished = Infinity;
    });
    this.firstBlock = Math.ceil((lastAttendingAll(options) + 1) / options.blockTokens) * options.blockTokens;
  }

  get gpuBytes(): number {
    return this.#blocks.gpuBytes;
  }

  /**
   * Returns how much of a prompt of `tokens` tokens need not be evaluated, if the sequence has its first `common`
   * tokens.
   */
  keptLength(common: number, tokens: number): number {
    if (common <= this.firstBlock) return common;
    const isUnfinished = common > this.#unfinished && this.#wholeBlocks(tokens) === this.#unfinished;
    return isUnfinished ? common : this.#wholeBlocks(common);
  }

  /** Returns how many tokens to append, at most `most`, so that the sequence ends with a block. */
  chunkTokens(most: number): number {
    const { length } = this.sequence;
    const end = this.#wholeBlocks(length + most);
    return end > Math.max(length, this.firstBlock) ? end - length : most;
  }

  /** Appends tokens of a prompt, from `firstBlock` on. Resolves and rejects as `Network.evaluate`. */
  async read(tokens: readonly TokenId[], wanted: WantedLogits, signal?: AbortSignal): Promise<Float32Array> {
    const { sequence } = this;
    const { length } = sequence;
    const from = this.keptLength(length, length + tokens.length);
    const again = sequence.tokens.slice(from);
    const all = [...again, ...tokens];
    const end = from + all.length;
    const unfinished = this.#wholeBlocks(end);
    const rows: Float32Array[] = [];
    sequence.truncate(from);
    try {
      for (let done = 0; done < all.length;) {
        const isWhole = from + done < unfinished;
        const piece = all.slice(
          done,
          isWhole ? Math.min(done + this.#blocks.mostTokens, unfinished - from) : all.length,
        );
        done += piece.length;
        const wantedOfPiece = wanted === 'all' || done === all.length ? wanted : 'none';
        const logits = isWhole
          ? await this.#blocks.evaluate(piece, wantedOfPiece, signal)
          : await this.network.evaluate(sequence, piece, wantedOfPiece, signal);
        if (wantedOfPiece !== 'none') rows.push(logits);
      }
    } catch (error) {
      sequence.truncate(from);
      if (again.length > 0) {
        // Their rows may be overwritten, so the next call evaluates the block again.
        this.#unfinished = Infinity;
        sequence.restore(again);
      }
      throw error;
    }
    // Rows that were evaluated elsewhere may be appended to a whole block.
    this.#unfinished = unfinished < end ? unfinished : Infinity;
    return wanted === 'all'
      ? joined(rows).subarray(again.length * this.network.options.hyperparameters.vocabularySize)
      : (rows[0] ?? new Float32Array(0));
  }

  [Symbol.dispose](): void {
    this.#blocks[Symbol.dispose]();
  }

  #wholeBlocks(length: number): number {
    return length - (length % this.options.blockTokens);
  }
}

/** Joins arrays, one after another. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0] as Float32Array;
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
