import { performance } from 'node:perf_hooks';
import type { BackendSequence, DecodeOptions, SequenceRows, WholePrompt } from '../backend.ts';
import { PromptLookup } from '../decoding/drafting.ts';
import { logProbability, logSumExp } from '../decoding/logSumExp.ts';
import { createSampler, greedy, type Sampler } from '../decoding/sampler.ts';
import type { TokenId, TokenLikelihood } from '../../protocol/engine.ts';
import type { AttendedCache, ForwardOptions } from './cache/attendedCache.ts';
import type { SequenceCache } from './cache/sequenceCache.ts';
import type { GrammarState } from './grammarState.ts';

/** The number of last tokens that a sampler may use. */
const RECENT_TOKENS = 64;

/** Chooses the token that follows `tokens`. */
type Sample = (logits: Float32Array, tokens: readonly TokenId[]) => TokenId;

/** Guesses that were evaluated behind `text`, with the logits of the last token of `text` and of each guess. */
interface Evaluated {
  readonly guesses: readonly TokenId[];
  readonly logits: Float32Array;
  /** All tokens before the guesses. It grows by those that are accepted. */
  readonly text: TokenId[];
}

/** How many guesses the sampler has chosen too, and the token that it chooses then, which is not appended. */
interface Accepted {
  readonly accepted: number;
  readonly token: TokenId;
}

/** A sequence of Chorus's own network as the scheduler sees it: its cache, and decoding. */
export class ChorusSequence implements BackendSequence {
  #rows: SequenceRows | undefined;
  #rowsOf: (adapterSet: string) => SequenceRows | undefined = () => undefined;
  readonly #sequence: SequenceCache;

  constructor(
    private readonly cache: AttendedCache,
    private readonly vocabularySize: number,
  ) {
    this.#sequence = cache.sequence;
  }

  /**
   * Sets `rows`, which come in chunks of `chunkTokens`, if the cache has any. `keyOf` returns the key of the rows that
   * adapters compute, as in `RowsKind`.
   */
  offerRows(keyOf: (adapterSet: string) => string, chunkTokens: number): void {
    this.#rowsOf = (adapterSet) => this.cache.rowsFor?.({ adapterSet, key: keyOf(adapterSet) }, chunkTokens);
    this.#rows = this.#rowsOf(this.adapterSet);
  }

  get rows(): SequenceRows | undefined {
    return this.#rows;
  }

  get adapterSet(): string {
    return this.#sequence.adapterSet;
  }

  begin(adapterSet: string): void {
    this.cache.truncate(0);
    if (this.adapterSet === adapterSet) return;
    this.#sequence.adapterSet = adapterSet;
    this.#rows = this.#rowsOf(adapterSet);
  }

  get length(): number {
    return this.#sequence.length;
  }

  get keptTokens(): number {
    return this.#sequence.rows;
  }

  get room(): number {
    return this.#sequence.capacity - this.#sequence.rows;
  }

  commonPrefixLength(tokens: readonly TokenId[]): number {
    return this.cache.commonPrefixLength(tokens);
  }

  async truncate(length: number): Promise<number> {
    this.cache.truncate(length);
    return this.length;
  }

  isAnswerable(length: number): boolean {
    return this.cache.promptLogits?.(length) !== undefined;
  }

  readWhole(tokens: readonly TokenId[]): WholePrompt | undefined {
    return this.cache.readWhole?.(tokens);
  }

  async evaluate(tokens: readonly TokenId[], signal?: AbortSignal): Promise<void> {
    if (tokens.length > 0) await this.forward(tokens, { wanted: 'none', isAnswer: false, signal });
  }

  async likelihoods(
    token: TokenId,
    expected: readonly TokenId[],
    signal?: AbortSignal,
  ): Promise<readonly TokenLikelihood[]> {
    const given = [token, ...expected.slice(0, -1)];
    const rows = await this.forward(given, { wanted: 'all', isAnswer: true, signal });
    return expected.map((each, index) => {
      const logits = this.#logitsOf(rows, index);
      const [best, whole] = [greedy(logits), logSumExp(logits)];
      return { nats: whole - (logits[each] as number), best, bestNats: whole - (logits[best] as number) };
    });
  }

  async checkpoint(): Promise<void> {
    this.cache.checkpoint?.();
  }

  chunkTokens(most: number): number {
    return this.cache.chunkTokens?.(most) ?? most;
  }

  /** Appends tokens. Resolves and rejects as `AttendedCache.forward`; if it rejects, no token was appended. */
  async forward(tokens: readonly TokenId[], options: ForwardOptions): Promise<Float32Array> {
    const { length } = this;
    try {
      return await this.cache.forward(tokens, options);
    } catch (error) {
      this.#sequence.truncate(length);
      throw error;
    }
  }

  async *decode(tokens: readonly TokenId[], options: DecodeOptions): AsyncGenerator<TokenId, void, undefined> {
    const sample = this.#sampler(options);
    const lookup = new PromptLookup(options.texts);
    const text = [...this.#sequence.tokens, ...tokens];
    let pending = [...tokens];
    if (pending.length === 0) {
      const token = sample(this.#promptLogits(), text);
      pending = [token];
      text.push(token);
      yield token;
    }
    for (let isAnswer = false; ; isAnswer = true) {
      const { length } = this;
      const room = this.#roomBefore(isAnswer) - pending.length;
      const isDrafted = !options.grammar && room >= 1 && (isAnswer || pending.length === 1) && !options.allowed?.();
      const guesses = isDrafted ? lookup.draft(text, pending.length === 1 ? room : 0) : [];
      const start = performance.now();
      const logits = await this.forward([...pending, ...guesses], {
        wanted: guesses.length > 0 ? 'all' : 'last',
        isAnswer,
        signal: options.signal,
      });
      const elapsedMs = performance.now() - start;
      const { accepted, token } = yield* this.#accept({ guesses, logits, text }, sample, length);
      if (pending.length === 1) lookup.record(guesses.length, accepted, elapsedMs);
      else if (isAnswer) lookup.recordRepeat(elapsedMs);
      text.push(token);
      pending = text.slice(this.length);
      yield token;
    }
  }

  /** Yields the guesses that the sampler chooses too. `length` is that of the sequence before the evaluation. */
  #accept(evaluated: Evaluated, sample: Sample, length: number): Generator<TokenId, Accepted, undefined> {
    return this.#sequence.state
      ? this.#acceptOrGoBack(evaluated, sample, length)
      : this.#acceptOneByOne(evaluated, sample);
  }

  *#acceptOneByOne({ guesses, logits, text }: Evaluated, sample: Sample): Generator<TokenId, Accepted, undefined> {
    const sequence = this.#sequence;
    const held = sequence.length - guesses.length;
    for (let accepted = 0; ; accepted++) {
      // A caller that stops after a token finds the tokens before it in the cache, and no guess.
      const others = sequence.tokens.slice(held + accepted);
      sequence.truncate(held + accepted);
      const token = sample(this.#logitsOf(logits, accepted), text);
      if (accepted === guesses.length || guesses[accepted] !== token) return { accepted, token };
      text.push(token);
      yield token;
      sequence.append(others);
    }
  }

  /** No guess can be taken out of a state. If one is wrong, the next evaluation repeats the others. */
  *#acceptOrGoBack(
    { guesses, logits, text }: Evaluated,
    sample: Sample,
    length: number,
  ): Generator<TokenId, Accepted, undefined> {
    let accepted = 0;
    try {
      for (; ; accepted++) {
        const token = sample(this.#logitsOf(logits, accepted), text);
        if (accepted === guesses.length || guesses[accepted] !== token) return { accepted, token };
        text.push(token);
        yield token;
      }
    } finally {
      if (accepted < guesses.length) this.#sequence.truncate(length);
    }
  }

  #logitsOf(logits: Float32Array, row: number): Float32Array {
    return logits.subarray(row * this.vocabularySize, (row + 1) * this.vocabularySize);
  }

  /** Rows for pending tokens and guesses, which must not go past the next choice of rows. */
  #roomBefore(isAnswer: boolean): number {
    return Math.min(this.room - 1, (isAnswer ? this.cache.tokensBeforeChoice?.() : undefined) ?? Infinity);
  }

  #promptLogits(): Float32Array {
    const logits = this.cache.promptLogits?.(this.length);
    if (!logits) throw new Error(`There is no token to evaluate behind the ${this.length} of the sequence.`);
    return logits.slice();
  }

  #sampler(options: DecodeOptions): Sample {
    const sampler = measured(createSampler(options.sampling), options.onSampled);
    const grammar = options.grammar && (options.grammar.handle as () => GrammarState)();
    return (logits, tokens) => {
      options.ngrams?.interpolate(logits, tokens);
      const recent = tokens.slice(-RECENT_TOKENS);
      const allowed = options.allowed?.();
      if (!grammar) return sampler(logits, recent, allowed);
      for (;;) {
        // A grammar mostly allows the token that the sampler chooses: checking it is cheaper than checking all tokens.
        // The sampler changes the logits, so it gets a copy.
        const token = sampler(logits.slice(), recent, allowed);
        if (grammar.allows(token)) {
          grammar.accept(token);
          return token;
        }
        if (logits[token] === -Infinity) throw new Error('The grammar allows no token of the vocabulary here.');
        logits[token] = -Infinity;
      }
    };
  }
}

/** Tells how likely each sampled token is by the logits before the sampler changes them. */
function measured(sampler: Sampler, onSampled: DecodeOptions['onSampled']): Sampler {
  if (onSampled === undefined) return sampler;
  return (logits, ...rest) => {
    const given = logits.slice();
    const token = sampler(logits, ...rest);
    onSampled(-logProbability(given, token));
    return token;
  };
}
