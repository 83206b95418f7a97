import type { TokenId } from '../../protocol/engine.ts';

/** How many occurrences of the last two tokens are compared, the latest first. */
const MAX_CANDIDATES = 512;
const HASH_BITS = 16;
/** Separates texts. It is no token, so no match crosses it. */
const TEXT_END = -1;

export interface NgramMatch {
  /** The position behind the match. */
  readonly position: number;
  /** The number of matching tokens; 0 means no match. */
  readonly length: number;
}

/**
 * Finds the last tokens of a sequence in other texts. Pairs of tokens are chained by their hash, as LZ77 matchers chain
 * bytes. So the index is built in a single pass and takes eight bytes per token.
 */
export class NgramIndex {
  /** The tokens of all texts, concatenated. */
  readonly #tokens: Int32Array;
  readonly #previous: Int32Array;
  readonly #heads = new Int32Array(1 << HASH_BITS).fill(-1);

  /** Of equal matches, the later text's comes first. */
  constructor(texts: readonly (readonly TokenId[])[]) {
    this.#tokens = Int32Array.from(texts.flatMap((text) => [...text, TEXT_END]));
    this.#previous = new Int32Array(this.#tokens.length);
    for (let end = 1; end < this.#tokens.length; end++) {
      const hash = hashOf(this.#tokens[end - 1] ?? 0, this.#tokens[end] ?? 0);
      this.#previous[end] = this.#heads[hash] ?? -1;
      this.#heads[hash] = end;
    }
  }

  /**
   * Finds the longest matching suffix of `sequence`, from two to `longest` tokens. Of equally long matches, the last
   * wins.
   */
  lastMatch(sequence: readonly TokenId[], longest: number): NgramMatch {
    let best: NgramMatch = { position: 0, length: 0 };
    for (const match of this.matches(sequence, longest)) {
      if (match.length > best.length) best = match;
      if (best.length >= longest) break;
    }
    return best;
  }

  /** Occurrences of the last two tokens of `sequence` that have a following token in the same text, the last first. */
  *matches(sequence: readonly TokenId[], longest: number): Generator<NgramMatch> {
    const tokens = this.#tokens;
    const last = sequence.length - 1;
    if (last < 1) return;
    let end = this.#heads[hashOf(sequence[last - 1] ?? 0, sequence[last] ?? 0)] ?? -1;
    for (let seen = 0; end >= 0 && seen < MAX_CANDIDATES; seen++, end = this.#previous[end] ?? -1) {
      if (tokens[end + 1] === TEXT_END) continue;
      let length = 0;
      while (length < longest && length <= end && length <= last && tokens[end - length] === sequence[last - length])
        length++;
      if (length >= 2) yield { position: end + 1, length };
    }
  }

  /** At most `count` tokens from `position` on, up to the end of their text. */
  following(position: number, count: number): readonly TokenId[] {
    const some = this.#tokens.subarray(position, position + count);
    const end = some.indexOf(TEXT_END);
    return [...(end < 0 ? some : some.subarray(0, end))];
  }
}

function hashOf(first: TokenId, second: TokenId): number {
  return Math.imul(Math.imul(first, 0x9e3779b1) ^ second, 0x85ebca6b) >>> (32 - HASH_BITS);
}
