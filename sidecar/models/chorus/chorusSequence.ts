import { performance } from 'node:perf_hooks';
import type { BackendSequence, DecodeOptions, SequenceRows, WholePrompt } from '../backend.ts';
import { commonPrefixLength } from '../../common/commonPrefix.ts';
import { PromptLookup } from '../decoding/drafting.ts';
import { createSampler, type Sampler } from '../decoding/sampler.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { CacheRows } from './cache/cacheRows.ts';
import type { GrammarState } from './grammarState.ts';
import { TIER_TOKENS } from './tiers/fastTier.ts';
import { lastAttendingAll } from './tiers/tierOptions.ts';
import { LayerMajorPrefill } from './selection/layerMajor.ts';
import type { SelectionPlan } from './selection/layerSelection.ts';
import { stepTokens } from './selection/stepTokens.ts';
import { BATCH_TOKENS } from './network/batchTokens.ts';
import type { Network } from './network/network.ts';
import type { WantedLogits } from './network/networkGraph.ts';
import { joined } from './tiers/promptTier.ts';
import type { SequenceCache } from './cache/sequenceCache.ts';
import type { Tiers } from './tiers/tiers.ts';

/** Tokens that samplers may look back on. */
const RECENT_TOKENS = 64;
/** Rows that are left to an answer when a prompt goes on where another ended. */
const MIN_ROOM_ROWS = 256;

/** One sequence of our own network as the scheduler sees it. */
export class ChorusSequence implements BackendSequence {
  /**
   * Tokens whose keys and values come from attending everything: an answer that attended less is evaluated again where
   * it becomes a part of a prompt.
   */
  #exactLength = Infinity;
  /** Of the last token of the prompt that was read whole last. */
  #promptLogits: Float32Array = new Float32Array(0);
  rows: SequenceRows | undefined;

  constructor(
    private readonly network: Network,
    private readonly cache: SequenceCache,
    private readonly vocabularySize: number,
    /** Chooses what is kept of prompts that have more tokens than its capacity. */
    private readonly selection?: SelectionPlan,
    /** What is attended of long contexts. */
    private readonly tiers?: Tiers,
  ) {}

  /**
   * Lets its rows be kept elsewhere and put back, `chunkTokens` at once: not where only some of a prompt's stay, nor
   * where some of a chunk depend on what follows it. `key` says what computes them: weights, graphs and what is
   * attended.
   */
  offerRows(key: string, chunkTokens: number): void {
    const { network, cache, selection, tiers } = this;
    if (selection || (tiers?.prompts && chunkTokens % tiers.options.blockTokens !== 0)) return;
    const exactLength = (): number => {
      const length = Math.min(cache.length, this.#exactLength);
      // However long a prompt it is the beginning of.
      return tiers?.prompts?.keptLength(length, Infinity) ?? length;
    };
    this.rows = new CacheRows(network.options.placement, cache, {
      key,
      exactLength,
      stretch: tiers?.prompts ? tiers.options.blockTokens : 1,
    });
  }

  get length(): number {
    return this.cache.length;
  }

  get keptTokens(): number {
    return this.cache.rows;
  }

  get room(): number {
    return this.cache.capacity - this.cache.rows;
  }

  commonPrefixLength(tokens: readonly TokenId[]): number {
    const { cache, tiers } = this;
    const common = Math.min(commonPrefixLength(tokens, cache.tokens), this.#exactLength);
    // Where nothing is chosen until an answer has gone on for a while, its own queries choose.
    if (!tiers || tokens.length + tiers.options.queries <= lastAttendingAll(tiers.options)) return common;
    // By the queries from there on an answer chooses: where other tokens' took their place they are computed again.
    const choosing = Math.min(common, Math.max(0, tokens.length - tiers.options.queries));
    const kept = cache.remembersQueries(choosing, common) ? common : choosing;
    return tiers.prompts?.keptLength(kept, tokens.length) ?? kept;
  }

  async truncate(length: number): Promise<number> {
    this.cache.truncate(Math.min(length, this.#exactLength));
    this.#exactLength = Infinity;
    return this.cache.length;
  }

  /** Of a prompt of which some rows stayed nothing could be evaluated again: what came of its last token is kept. */
  isAnswerable(length: number): boolean {
    return length > 0 && length === this.cache.selectedTokens;
  }

  readWhole(tokens: readonly TokenId[]): WholePrompt | undefined {
    const { cache, network, selection } = this;
    if (!selection || tokens.length <= selection.capacity) return undefined;
    // A prompt that goes on where a selected one ended is appended to it, while there is room.
    const isContinued = cache.rows < cache.length && this.commonPrefixLength(tokens) === cache.length;
    const appended = tokens.length - cache.length;
    if (isContinued && (appended === 0 || appended + MIN_ROOM_ROWS <= this.room)) return undefined;
    return ChorusSequence.readTogether(network, [{ tokens, sequences: [this] }]);
  }

  /**
   * Reads prompts for several sequences of a network, in place of what they hold: each keeps what its selection
   * chooses, or everything where it has none. What the prompts begin with is read once. Throws where a sequence has
   * tiers, whose prompts are read otherwise.
   */
  static readTogether(
    network: Network,
    prompts: readonly { readonly tokens: readonly TokenId[]; readonly sequences: readonly ChorusSequence[] }[],
  ): WholePrompt {
    const all = prompts.flatMap(({ sequences }) => sequences);
    if (all.some(({ tiers }) => tiers)) throw new Error('A sequence with tiers reads its prompts by itself.');
    for (const { cache } of all) cache.truncate(0);
    const prefill = new LayerMajorPrefill(
      network.options,
      prompts.map(({ tokens, sequences }) => ({
        tokens,
        targets: sequences.map(({ cache, selection }) => ({ sequence: cache, selection })),
      })),
      { chunkTokens: BATCH_TOKENS, stepTokens: stepTokens(network.options.hyperparameters, network.options.placement) },
    );
    return {
      get isDone() {
        return prefill.isDone;
      },
      step: async () => {
        await network.exclusively(() => prefill.step());
        if (!prefill.isDone) return;
        for (const [index, { sequences }] of prompts.entries())
          for (const sequence of sequences) sequence.#promptLogits = prefill.logits[index] as Float32Array;
      },
      [Symbol.dispose]: () => prefill[Symbol.dispose](),
    };
  }

  async evaluate(tokens: readonly TokenId[], signal?: AbortSignal): Promise<void> {
    if (tokens.length > 0) await this.forward(tokens, { wanted: 'none', isAnswer: false, signal });
  }

  /** Any length can be gone back to. */
  async checkpoint(): Promise<void> {}

  chunkTokens(most: number): number {
    return this.tiers?.prompts?.chunkTokens(most) ?? most;
  }

  /**
   * Appends tokens: of long contexts they attend what the tiers choose, where there are any; those of an answer the
   * same as if they came one by one. Resolves and rejects as `Network.evaluate`.
   */
  async forward(
    tokens: readonly TokenId[],
    {
      wanted,
      isAnswer,
      signal,
    }: { readonly wanted: WantedLogits; readonly isAnswer: boolean; readonly signal?: AbortSignal },
  ): Promise<Float32Array> {
    const { cache } = this;
    const { length } = cache;
    try {
      return isAnswer ? await this.#answer(tokens, wanted, signal) : await this.#read(tokens, wanted, signal);
    } catch (error) {
      cache.truncate(length);
      throw error;
    }
  }

  /** Appends tokens of an answer. None of them attends pages that one behind it chose. */
  async #answer(tokens: readonly TokenId[], wanted: WantedLogits, signal?: AbortSignal): Promise<Float32Array> {
    const { cache, tiers } = this;
    if (!tiers) return this.#read(tokens, wanted, signal);
    const rows: Float32Array[] = [];
    for (let done = 0; done < tokens.length;) {
      const piece = tokens.slice(
        done,
        done + Math.min(TIER_TOKENS, Math.max(1, tiers.answers.schedule.tokensBeforeChoice(cache.length))),
      );
      done += piece.length;
      const wantedOfPiece = wanted === 'all' || done === tokens.length ? wanted : 'none';
      if (tiers.answers.schedule.isWorthwhile(cache.length)) {
        this.#exactLength = Math.min(this.#exactLength, cache.length);
        rows.push(await tiers.answers.evaluate(piece, wantedOfPiece, signal));
      } else rows.push(await this.#read(piece, wantedOfPiece, signal));
    }
    return joined(rows);
  }

  /** Appends tokens of a prompt, or of an answer that attends everything. */
  async #read(tokens: readonly TokenId[], wanted: WantedLogits, signal?: AbortSignal): Promise<Float32Array> {
    const { cache, network, tiers } = this;
    tiers?.answers.schedule.restart();
    const prompts = tiers?.prompts;
    const wholly = prompts ? Math.max(0, prompts.firstBlock - cache.length) : tokens.length;
    if (!prompts || tokens.length <= wholly) return network.evaluate(cache, tokens, wanted, signal);
    const first =
      wholly > 0
        ? await network.evaluate(cache, tokens.slice(0, wholly), wanted === 'all' ? 'all' : 'none', signal)
        : new Float32Array(0);
    const rest = await prompts.read(tokens.slice(wholly), wanted, signal);
    return wanted === 'all' ? joined([first, rest]) : rest;
  }

  async *decode(tokens: readonly TokenId[], options: DecodeOptions): AsyncGenerator<TokenId, void, undefined> {
    const { cache, vocabularySize } = this;
    const sampler = createSampler(options.sampling);
    const grammar = options.grammar && (options.grammar.handle as () => GrammarState)();
    const lookup = new PromptLookup(options.texts);
    let pending = [...tokens];
    let isAnswer = false;
    if (pending.length === 0) {
      // The whole prompt was read already.
      const token = this.#sample(sampler, this.#promptLogits.slice(), grammar, options);
      pending = [token];
      yield token;
    }
    for (;;) {
      const room =
        Math.min(
          this.room - 1,
          (isAnswer ? this.tiers?.answers.schedule.tokensBeforeChoice(cache.length) : undefined) ?? Infinity,
        ) - pending.length;
      const drafted =
        grammar || room < 1 || pending.length > 1 || options.allowed?.()
          ? []
          : lookup.draft([...cache.tokens, ...pending], room);
      const start = performance.now();
      const logits = await this.forward([...pending, ...drafted], {
        wanted: drafted.length > 0 ? 'all' : 'last',
        isAnswer,
        signal: options.signal,
      });
      isAnswer = true;
      const elapsedMs = performance.now() - start;
      const held = cache.length - drafted.length;
      for (let accepted = 0; ; accepted++) {
        // What is yielded is held but for the last: a caller that stops here must find no guess in the cache.
        const guesses = cache.tokens.slice(held + accepted);
        cache.truncate(held + accepted);
        const token = this.#sample(
          sampler,
          logits.subarray(accepted * vocabularySize, (accepted + 1) * vocabularySize),
          grammar,
          options,
        );
        const isRight = accepted < drafted.length && drafted[accepted] === token;
        if (!isRight) {
          if (pending.length === 1) lookup.record(drafted.length, accepted, elapsedMs);
          pending = [token];
          yield token;
          break;
        }
        yield token;
        cache.append(guesses);
      }
    }
  }

  #sample(sampler: Sampler, logits: Float32Array, grammar: GrammarState | undefined, options: DecodeOptions): TokenId {
    options.ngrams?.interpolate(logits, this.cache.tokens);
    const recent = this.cache.tokens.slice(-RECENT_TOKENS);
    const allowed = options.allowed?.();
    if (!grammar) return sampler(logits, recent, allowed);
    for (;;) {
      // The sampler changes what it is given. A grammar mostly allows what the model wants, so asking for one token is
      // cheaper than for all.
      const token = sampler(logits.slice(), recent, allowed);
      if (grammar.allows(token)) {
        grammar.accept(token);
        return token;
      }
      if (logits[token] === -Infinity) throw new Error('The grammar allows no token of the vocabulary here.');
      logits[token] = -Infinity;
    }
  }
}
