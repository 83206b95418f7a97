import type { TokenId } from '../protocol/engine.ts';

interface Pair {
  /** The first is the one that the engine's drafts are given to. */
  readonly names: readonly [string, string];
  current: 0 | 1;
}

/** Where a prompt is to be evaluated. */
export interface ReadingPlace {
  readonly sequence: string;
  /** What holds the beginning of it, perhaps. */
  readonly copyFrom?: string;
}

/**
 * Two of the engine's sequences for each client, so that nothing of one window's code serves another: completions are made in one, and in the other the next
 * context is read. Whoever types on in the midst of that finds all as it was.
 */
export class ClientSequences {
  readonly #pairs = new Map<string, Pair>();
  /** The prompt that each was given last. */
  readonly #prompts = new Map<string, readonly TokenId[]>();

  /** The one that completions are made in. */
  current(clientKey: string): string {
    const { names, current } = this.#pairOf(clientKey);
    return names[current];
  }

  /** The one whose drafts serve both. */
  drafts(clientKey: string): string {
    return this.#pairOf(clientKey).names[0];
  }

  names(clientKey: string): readonly string[] {
    return this.#pairOf(clientKey).names;
  }

  /** A sequence is given a prompt. */
  prompted(sequence: string, tokens: readonly TokenId[]): void {
    this.#prompts.set(sequence, tokens);
  }

  /** Tokens of a prompt that the sequence of completions would have to evaluate, as far as is known. */
  newTokens(clientKey: string, tokens: readonly TokenId[]): number {
    return tokens.length - commonLength(this.#prompts.get(this.current(clientKey)) ?? [], tokens);
  }

  /** Another engine, or another model, holds nothing. */
  clear(): void {
    this.#prompts.clear();
  }

  /**
   * Where to read a prompt that nobody waits for: in the sequence of completions where what that loses, or what there is to read, are no more than `unfeltTokens`;
   * else in the other one.
   */
  placeOf(clientKey: string, tokens: readonly TokenId[], unfeltTokens: number): ReadingPlace {
    const { names, current } = this.#pairOf(clientKey);
    const held = this.#prompts.get(names[current]) ?? [];
    const common = commonLength(held, tokens);
    if (Math.min(held.length, tokens.length) - common <= unfeltTokens) return { sequence: names[current] };
    return { sequence: names[1 - current] as string, copyFrom: names[current] };
  }

  /** Completions are made from now on in `sequence`. */
  use(clientKey: string, sequence: string): void {
    const pair = this.#pairOf(clientKey);
    pair.current = pair.names[0] === sequence ? 0 : 1;
  }

  forget(clientKey: string): void {
    for (const name of this.names(clientKey)) this.#prompts.delete(name);
    this.#pairs.delete(clientKey);
  }

  #pairOf(clientKey: string): Pair {
    let pair = this.#pairs.get(clientKey);
    if (pair === undefined) this.#pairs.set(clientKey, (pair = { names: [`completion:${clientKey}`, `completion:${clientKey}:next`], current: 0 }));
    return pair;
  }
}

function commonLength(one: readonly TokenId[], other: readonly TokenId[]): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one[length] === other[length]) length++;
  return length;
}
