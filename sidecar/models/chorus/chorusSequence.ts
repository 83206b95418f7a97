import { performance } from 'node:perf_hooks';
import type { BackendSequence, DecodeOptions } from '../../engine/backend.ts';
import { PromptLookup } from '../../engine/drafting.ts';
import { createSampler, type Sampler } from '../../engine/sampler.ts';
import type { TokenId } from '../../protocol/engine.ts';
import type { GrammarState } from './grammarState.ts';
import type { Network } from './network.ts';
import type { SequenceCache } from './sequenceCache.ts';

/** Tokens that samplers may look back on. */
const RECENT_TOKENS = 64;

/** One sequence of our own network as the scheduler sees it. */
export class ChorusSequence implements BackendSequence {
  constructor(
    private readonly network: Network,
    private readonly cache: SequenceCache,
    private readonly vocabularySize: number,
  ) {}

  get length(): number {
    return this.cache.length;
  }

  commonPrefixLength(tokens: readonly TokenId[]): number {
    const held = this.cache.tokens;
    let length = 0;
    while (length < tokens.length && length < held.length && tokens[length] === held[length]) length++;
    return length;
  }

  async truncate(length: number): Promise<number> {
    this.cache.truncate(length);
    return this.cache.length;
  }

  async evaluate(tokens: readonly TokenId[], signal?: AbortSignal): Promise<void> {
    if (tokens.length > 0) await this.network.evaluate(this.cache, tokens, 'none', signal);
  }

  /** Any length can be gone back to. */
  async checkpoint(): Promise<void> {}

  async *decode(tokens: readonly TokenId[], options: DecodeOptions): AsyncGenerator<TokenId, void, undefined> {
    const { cache, vocabularySize } = this;
    const sampler = createSampler(options.sampling);
    const grammar = options.grammar && (options.grammar.handle as () => GrammarState)();
    const lookup = new PromptLookup();
    let pending = [...tokens];
    for (;;) {
      const room = cache.capacity - cache.length - pending.length - 1;
      const drafted = grammar || pending.length > 1 || options.allowed?.() ? [] : lookup.draft([...cache.tokens, ...pending], room);
      const start = performance.now();
      const logits = await this.network.evaluate(cache, [...pending, ...drafted], drafted.length > 0 ? 'all' : 'last', options.signal);
      const elapsedMs = performance.now() - start;
      const held = cache.length - drafted.length;
      for (let accepted = 0; ; accepted++) {
        // What is yielded is held but for the last: a caller that stops here must find no guess in the cache.
        const guesses = cache.tokens.slice(held + accepted);
        cache.truncate(held + accepted);
        const token = this.#sample(sampler, logits.subarray(accepted * vocabularySize, (accepted + 1) * vocabularySize), grammar, options);
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
    const recent = this.cache.tokens.slice(-RECENT_TOKENS);
    const allowed = options.allowed?.();
    if (!grammar) return sampler(logits, recent, allowed);
    for (;;) {
      // The sampler changes what it is given. A grammar mostly allows what the model wants, so asking for one token is cheaper than for all.
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
