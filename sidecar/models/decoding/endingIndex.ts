import type { TokenId } from '../../protocol/engine.ts';
import type { NgramMatch } from './ngramIndex.ts';

/**
 * The fewest and the most tokens of a match. A single token matches too often, and more than six add no information.
 */
const SHORTEST = 2;
export const LONGEST_ENDING = 6;
const LENGTHS = LONGEST_ENDING - SHORTEST + 1;
const FEWEST_PLACES = 1_024;

/**
 * The chains of a match length: the last position of each hash, and for each position the previous position with its
 * hash. −1 means none.
 */
interface Chains {
  readonly last: Int32Array;
  readonly previous: Int32Array;
}

/**
 * Finds the previous occurrence of a text's last tokens. The text may grow between two searches.
 *
 * The time of a search does not depend on the length of the text. For each match length, positions are chained by the
 * hash of the tokens that end there.
 */
export class EndingIndex {
  #chains: readonly Chains[] = [];
  /** The number of positions that the chains have memory for: a power of two. */
  #places = 0;
  #indexedTokens = 0;
  /** The hashes of the last hashed tokens, by match length. */
  readonly #hashes = new Int32Array(LENGTHS);

  /** Tokens may be appended to `tokens` later, but none may change. */
  constructor(readonly tokens: readonly TokenId[]) {}

  /**
   * Returns the last position of the longest match of the text's end, of at most `LONGEST_ENDING` tokens. Its length is
   * 0 if not even two tokens match.
   */
  lastMatch(): NgramMatch {
    this.#catchUp();
    const last = this.tokens.length - 1;
    for (let index = this.#hash(last) - 1; index >= 0; index--) {
      const { last: heads, previous } = this.#chains[index] as Chains;
      const length = SHORTEST + index;
      let end = heads[this.#hashes[index] as number] as number;
      while (end >= 0 && !this.#isSame(end, last, length)) end = previous[end] as number;
      if (end >= 0) return { position: end + 1, length };
    }
    return { position: 0, length: 0 };
  }

  /** Adds all positions except the last token's, which has no continuation yet. */
  #catchUp(): void {
    if (this.tokens.length > this.#places) this.#grow();
    for (; this.#indexedTokens < this.tokens.length - 1; this.#indexedTokens++) {
      const end = this.#indexedTokens;
      const count = this.#hash(end);
      for (let index = 0; index < count; index++) {
        const { last, previous } = this.#chains[index] as Chains;
        const hash = this.#hashes[index] as number;
        previous[end] = last[hash] as number;
        last[hash] = end;
      }
    }
  }

  /** Allocates at least twice as many positions, so that chains stay short, and indexes again. */
  #grow(): void {
    this.#places = Math.max(FEWEST_PLACES, 2 ** Math.ceil(Math.log2(this.tokens.length + 1)));
    this.#indexedTokens = 0;
    this.#chains = Array.from({ length: LENGTHS }, () => ({
      last: new Int32Array(this.#places).fill(-1),
      previous: new Int32Array(this.#places),
    }));
  }

  /** Sets the hashes of the tokens that end at `end`. Returns for how many lengths there are enough tokens. */
  #hash(end: number): number {
    const { tokens } = this;
    const longest = Math.min(LONGEST_ENDING, end + 1);
    let hash = 0;
    for (let length = 1; length <= longest; length++) {
      hash = Math.imul(hash ^ (tokens[end + 1 - length] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
      if (length >= SHORTEST) this.#hashes[length - SHORTEST] = Math.imul(hash, 0x85ebca6b) & (this.#places - 1);
    }
    return Math.max(0, longest - SHORTEST + 1);
  }

  #isSame(one: number, other: number, length: number): boolean {
    for (let back = 0; back < length; back++) if (this.tokens[one - back] !== this.tokens[other - back]) return false;
    return true;
  }
}
