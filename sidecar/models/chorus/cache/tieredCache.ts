import { ShapeError } from '../../../../kernels/ggml/errors.ts';
import { commonPrefixLength } from '../../../common/commonPrefix.ts';
import type { TokenId } from '../../../protocol/engine.ts';
import type { SequenceRows } from '../../backend.ts';
import type { Network } from '../network/network.ts';
import type { WantedLogits } from '../network/networkGraph.ts';
import { keptOn } from '../network/placement.ts';
import { FastTier, TIER_TOKENS } from '../tiers/fastTier.ts';
import type { HeadRuns } from '../tiers/headRuns.ts';
import { joined, PromptTier } from '../tiers/promptTier.ts';
import { ScoredKeys, scoredType } from '../tiers/scoredKeys.ts';
import { lastAttendingAll, type TierOptions } from '../tiers/tierOptions.ts';
import type { AttendedCache, ForwardOptions, RowsKind } from './attendedCache.ts';
import { CacheRows } from './cacheRows.ts';
import type { SequenceCache } from './sequenceCache.ts';

/**
 * A cache that keeps all rows. Tokens of a long context attend the last rows, and pages that are chosen again and
 * again. `answers` chooses them for an answer, `prompts` for the blocks of a prompt.
 */
export class TieredCache implements AttendedCache {
  readonly answers: FastTier;
  readonly prompts: PromptTier | undefined;
  readonly #scored: ScoredKeys | undefined;
  /**
   * The number of tokens whose rows a prompt would have too. Behind them are tokens of an answer that attended chosen
   * pages: they are evaluated again when they become part of a prompt.
   */
  #exactLength = Infinity;

  /**
   * `runs`: the KV heads that choose for every token of an answer; absent: all. Throws `ShapeError` if the rows of the
   * sequence are no whole number of pages.
   */
  constructor(
    private readonly network: Network,
    readonly sequence: SequenceCache,
    private readonly options: TierOptions,
    runs?: HeadRuns,
  ) {
    if (sequence.memoryRows % options.pageRows !== 0)
      throw new ShapeError(
        `A tiered cache needs whole pages of ${options.pageRows} rows; got ${sequence.memoryRows} rows.`,
      );
    const { placement, hyperparameters } = network.options;
    // If layers are on several devices, the keys of all layers are scored apart, or of none.
    const isScoredApart = sequence.layout.every(
      (_, block) => scoredType(options, keptOn(placement, block).kind, hyperparameters.headSize) !== undefined,
    );
    this.#scored = isScoredApart ? new ScoredKeys(network, sequence, options) : undefined;
    this.answers = new FastTier(network, sequence, options, { scored: this.#scored, runs });
    this.prompts = options.blockTokens > 0 ? new PromptTier(network, sequence, options, this.#scored) : undefined;
  }

  get gpuBytes(): number {
    return this.answers.gpuBytes + (this.prompts?.gpuBytes ?? 0) + (this.#scored?.gpuBytes ?? 0);
  }

  commonPrefixLength(tokens: readonly TokenId[]): number {
    const { options, sequence } = this;
    const common = Math.min(commonPrefixLength(tokens, sequence.tokens), this.#exactLength);
    // An answer to a short prompt attends everything at first. Later its own queries choose.
    if (tokens.length + options.queries <= lastAttendingAll(options)) return common;
    // The queries of the prompt's last tokens choose: if other tokens took their place, they are computed again.
    const choosing = Math.min(common, Math.max(0, tokens.length - options.queries));
    const kept = sequence.remembersQueries(choosing, common) ? common : choosing;
    return this.prompts?.keptLength(kept, tokens.length) ?? kept;
  }

  truncate(length: number): void {
    this.sequence.truncate(Math.min(length, this.#exactLength));
    this.#exactLength = Infinity;
  }

  chunkTokens(most: number): number {
    return this.prompts?.chunkTokens(most) ?? most;
  }

  /** Tokens of an answer attend the same rows as if they came one by one. */
  forward(tokens: readonly TokenId[], { wanted, isAnswer, signal }: ForwardOptions): Promise<Float32Array> {
    return isAnswer ? this.#answer(tokens, wanted, signal) : this.#read(tokens, wanted, signal);
  }

  tokensBeforeChoice(): number {
    return this.answers.schedule.tokensBeforeChoice(this.sequence.length);
  }

  rowsFor(kind: RowsKind, chunkTokens: number): SequenceRows | undefined {
    const { network, sequence, prompts } = this;
    const { blockTokens } = this.options;
    if (prompts && chunkTokens % blockTokens !== 0) return undefined;
    const exactLength = (): number => {
      const length = Math.min(sequence.length, this.#exactLength);
      // A prompt of any length may begin with these rows.
      return prompts?.keptLength(length, Infinity) ?? length;
    };
    const stretch = prompts ? blockTokens : 1;
    return new CacheRows(network.options.placement, sequence, { ...kind, exactLength, stretch });
  }

  [Symbol.dispose](): void {
    this.prompts?.[Symbol.dispose]();
    this.answers[Symbol.dispose]();
    this.#scored?.[Symbol.dispose]();
  }

  /** Appends tokens of an answer. No token attends pages that a later one chose. */
  async #answer(tokens: readonly TokenId[], wanted: WantedLogits, signal?: AbortSignal): Promise<Float32Array> {
    const { answers, sequence } = this;
    const rows: Float32Array[] = [];
    for (let done = 0; done < tokens.length;) {
      const count = Math.min(TIER_TOKENS, Math.max(1, this.tokensBeforeChoice()));
      const piece = tokens.slice(done, done + count);
      done += piece.length;
      const wantedOfPiece = wanted === 'all' || done === tokens.length ? wanted : 'none';
      if (answers.schedule.isWorthwhile(sequence.length)) {
        this.#exactLength = Math.min(this.#exactLength, sequence.length);
        rows.push(await answers.evaluate(piece, wantedOfPiece, signal));
      } else rows.push(await this.#read(piece, wantedOfPiece, signal));
    }
    return joined(rows);
  }

  /** Appends tokens of a prompt, or of an answer that attends everything. */
  async #read(tokens: readonly TokenId[], wanted: WantedLogits, signal?: AbortSignal): Promise<Float32Array> {
    const { network, sequence, prompts } = this;
    this.answers.schedule.restart();
    const wholly = prompts ? Math.max(0, prompts.firstBlock - sequence.length) : tokens.length;
    if (!prompts || tokens.length <= wholly) return network.evaluate(sequence, tokens, wanted, signal);
    const first =
      wholly > 0
        ? await network.evaluate(sequence, tokens.slice(0, wholly), wanted === 'all' ? 'all' : 'none', signal)
        : new Float32Array(0);
    const rest = await prompts.read(tokens.slice(wholly), wanted, signal);
    return wanted === 'all' ? joined([first, rest]) : rest;
  }
}
