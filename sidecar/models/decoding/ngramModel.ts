import type { TokenId } from '../../protocol/engine.ts';
import { logSumExp } from './logSumExp.ts';
import type { NgramIndex } from './ngramIndex.ts';

/** Matches are cut at this length, since longer matches add no information. */
export const LONGEST_NGRAM = 16;
/** Match lengths with their own weight. Each applies up to the next. */
export const NGRAM_LENGTHS = [2, 3, 4, 6, 9, 13] as const;
/**
 * The weight of the texts against the network, by match length. Fitted by `npm run bench:ngrams` with the bundled
 * model, on the 200 tokens after each line, with matches in whole files and prompts with other files.
 */
export const NGRAM_WEIGHTS = [0.04, 0.07, 0.11, 0.17, 0.37, 0.73] as const;

/** The continuations of the longest match in texts. */
export interface Followers {
  /** The number of matching tokens; 0 means no match. */
  readonly length: number;
  /** The share of each following token. */
  readonly shares: ReadonlyMap<TokenId, number>;
}

/** The continuations of the longest match of the end of `last`, of at most `LONGEST_NGRAM` tokens. */
export function followersOf(index: NgramIndex, last: readonly TokenId[]): Followers {
  let length = 0;
  let counts = new Map<TokenId, number>();
  for (const match of index.matches(last, LONGEST_NGRAM)) {
    if (match.length < length) continue;
    if (match.length > length) {
      length = match.length;
      counts = new Map();
    }
    const [next] = index.following(match.position, 1) as [TokenId];
    counts.set(next, (counts.get(next) ?? 0) + 1);
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { length, shares: new Map([...counts].map(([token, count]) => [token, count / all])) };
}

/** The index in `NGRAM_LENGTHS` for a match of this length, or −1. */
export function ngramStep(length: number): number {
  return NGRAM_LENGTHS.findLastIndex((step) => length >= step);
}

export interface Continued {
  readonly promptTokens: number;
  /**
   * The end of the text that is continued. It differs from the end of the prompt in fill-in-the-middle, where the
   * suffix may come last.
   */
  readonly before: readonly TokenId[];
}

/**
 * A cache language model over texts outside the prompt, interpolated with a network (∞-gram: Liu et al., 2024; arXiv
 * 2401.17377). It mixes the network's probabilities with the shares of continuations of the longest match.
 */
export class NgramModel {
  constructor(
    private readonly index: NgramIndex,
    private readonly continued: Continued,
  ) {}

  /**
   * Replaces the network's `logits` by those of the mixture, up to a constant. `tokens` holds the prompt and the
   * generated tokens.
   */
  interpolate(logits: Float32Array, tokens: readonly TokenId[]): void {
    const { length, shares } = followersOf(this.index, this.#last(tokens));
    const weight = NGRAM_WEIGHTS[ngramStep(length)];
    if (weight === undefined) return;
    const total = logSumExp(logits);
    for (const [token, share] of shares) {
      // log((1 − w) p + w s) − log(1 − w), so that all other logits stay unchanged.
      const odds = (weight / (1 - weight)) * share;
      logits[token] = Math.log(Math.exp((logits[token] as number) - total) + odds) + total;
    }
  }

  #last(tokens: readonly TokenId[]): readonly TokenId[] {
    const { promptTokens, before } = this.continued;
    const generated = tokens.slice(Math.max(promptTokens, tokens.length - LONGEST_NGRAM));
    return generated.length >= LONGEST_NGRAM
      ? generated
      : [...before.slice(-(LONGEST_NGRAM - generated.length)), ...generated];
  }
}
