import { commonPrefixLength } from '../engine/commonPrefix.ts';
import type { EngineGenerateResult, TokenId } from '../protocol/engine.ts';

interface Pair {
  readonly names: readonly [string, string];
  current: 0 | 1;
}

type RequestResult = Pick<EngineGenerateResult, 'sequence' | 'reusedTokens' | 'evaluatedTokens'>;

/** Where a prompt is to be evaluated. */
export interface ReadingPlace {
  readonly sequence: string;
  /** What holds the beginning of it, perhaps, and is used itself where there is no room for both. */
  readonly copyFrom?: string;
}

/**
 * Two of the engine's sequences for each client, so that nothing of one window's code serves another: completions are made in one, and in the other the next
 * context is read. Whoever types on in the midst of that finds all as it was.
 */
export class ClientSequences {
  readonly #pairs = new Map<string, Pair>();
  /** What each is known to hold of the prompt that it was given last. */
  readonly #held = new Map<string, readonly TokenId[]>();
  /** Clients for whom there was no memory for a second sequence. */
  readonly #confined = new Set<string>();

  /** The one that completions are made in. */
  current(clientKey: string): string {
    const { names, current } = this.#pairOf(clientKey);
    return names[current];
  }

  /** The name of the texts to draft from. */
  drafts(clientKey: string): string {
    return this.#pairOf(clientKey).names[0];
  }

  names(clientKey: string): readonly string[] {
    return this.#pairOf(clientKey).names;
  }

  /**
   * A request for a prompt ended: the sequence that it used holds what was reused and evaluated of it. One that ended before it had a sequence changed nothing;
   * one that failed, which has no result, may have left anything in `sequence`.
   */
  ended(sequence: string, tokens: readonly TokenId[], result: RequestResult | undefined): void {
    if (result === undefined) this.#held.delete(sequence);
    else if (result.sequence !== undefined) this.#held.set(result.sequence, tokens.slice(0, result.reusedTokens + result.evaluatedTokens));
  }

  /** Tokens of a prompt that the sequence of completions would have to evaluate, as far as is known. */
  newTokens(clientKey: string, tokens: readonly TokenId[]): number {
    return tokens.length - commonPrefixLength(this.#held.get(this.current(clientKey)) ?? [], tokens);
  }

  /** Another engine, or another model, holds nothing. */
  clear(): void {
    this.#held.clear();
    this.#confined.clear();
  }

  /** Reading beside failed: it is done in the sequence of completions from now on. */
  confine(clientKey: string): void {
    this.#confined.add(clientKey);
  }

  /**
   * Where to read a prompt that nobody waits for: in the sequence of completions where what that loses, or what there is to read, are no more than `unfeltTokens`;
   * else in the other one.
   */
  placeOf(clientKey: string, tokens: readonly TokenId[], unfeltTokens: number): ReadingPlace {
    const { names, current } = this.#pairOf(clientKey);
    const held = this.#held.get(names[current]) ?? [];
    const common = commonPrefixLength(held, tokens);
    if (Math.min(held.length, tokens.length) - common <= unfeltTokens || this.#confined.has(clientKey)) return { sequence: names[current] };
    return { sequence: names[1 - current] as string, copyFrom: names[current] };
  }

  /** Completions are made from now on in `sequence`. Gives the one that is needed no more, if that is another. */
  use(clientKey: string, sequence: string): string | undefined {
    const pair = this.#pairOf(clientKey);
    const before = pair.names[pair.current];
    if (before === sequence) return undefined;
    pair.current = pair.names[0] === sequence ? 0 : 1;
    this.#held.delete(before);
    return before;
  }

  forget(clientKey: string): void {
    for (const name of this.names(clientKey)) this.#held.delete(name);
    this.#pairs.delete(clientKey);
    this.#confined.delete(clientKey);
  }

  #pairOf(clientKey: string): Pair {
    let pair = this.#pairs.get(clientKey);
    if (pair === undefined) this.#pairs.set(clientKey, (pair = { names: [`completion:${clientKey}`, `completion:${clientKey}:next`], current: 0 }));
    return pair;
  }
}
