import type { TokenId } from '../../protocol/engine.ts';
import { logSumExp } from './logSumExp.ts';
import type { NgramIndex } from './ngramIndex.ts';

/** Matches are no longer; more says nothing more. */
export const LONGEST_NGRAM = 16;
/** Lengths of matches that have a weight of their own, each up to the next. */
export const NGRAM_LENGTHS = [2, 3, 4, 6, 9, 13] as const;
/**
 * What the texts count beside the network by the length of the match: fitted by `npm run bench:ngrams` with the bundled
 * model, on the 200 tokens from each line on, matches in whole files and prompts with other files.
 */
export const NGRAM_WEIGHTS = [0.04, 0.07, 0.11, 0.17, 0.37, 0.73] as const;

/** What follows the longest match of some tokens in texts. */
export interface Followers {
  /** Tokens that agree; 0: none. */
  readonly length: number;
  /** How often each token follows, of all times. */
  readonly shares: ReadonlyMap<TokenId, number>;
}

/** What follows the longest match of the end of `last`, of at most `LONGEST_NGRAM` tokens. */
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

/** Which of `NGRAM_LENGTHS` a match of so many tokens counts as; −1: none. */
export function ngramStep(length: number): number {
  return NGRAM_LENGTHS.findLastIndex((step) => length >= step);
}

export interface Continued {
  readonly promptTokens: number;
  /** The end of the text that is gone on with: a prompt may end with what stands behind the gap. */
  readonly before: readonly TokenId[];
}

/**
 * A cache language model over texts that are not in the prompt, interpolated with a network (∞-gram: Liu et al., 2024;
 * arXiv 2401.17377): the network's probabilities, and the shares of what follows the longest match of the last tokens.
 */
export class NgramModel {
  constructor(
    private readonly index: NgramIndex,
    private readonly continued: Continued,
  ) {}

  /**
   * Changes `logits`, of what comes behind a prompt and what was generated, `tokens`, to those of both together, up to
   * a constant.
   */
  interpolate(logits: Float32Array, tokens: readonly TokenId[]): void {
    const { length, shares } = followersOf(this.index, this.#last(tokens));
    const weight = NGRAM_WEIGHTS[ngramStep(length)];
    if (weight === undefined) return;
    const total = logSumExp(logits);
    for (const [token, share] of shares) {
      // log((1 − w) p + w s) − log(1 − w), so that all others stay as they are.
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
