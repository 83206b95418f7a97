import type { TokenId } from '../../protocol/engine.ts';
import { EndingIndex, LONGEST_ENDING } from './endingIndex.ts';
import type { NgramIndex } from './ngramIndex.ts';

/** In other texts, matches of two tokens are too often accidental. */
const SHORTEST_OTHER_MATCH = 3;
/**
 * Allowed draft lengths. With the token before them most are multiples of four, which suits products over blocks of
 * rows. There are only a few sizes, so that graphs are reused.
 */
const DRAFT_SIZES = [1, 2, 3, 5, 7, 11, 15] as const;
/** The draft length if nothing matches. Then the last draft's source is followed beyond the token that differed. */
const MOST_ALIGNED = 3;
/** The longest evaluation for a draft, so that cancelling stays fast. */
const MOST_EVALUATION_MS = 80;
/**
 * The assumed cost of a guess relative to a single token before any measurement. The second factor estimates longer
 * drafts from a measured guess, since further guesses are cheaper.
 */
const FIRST_GUESS_COST = 0.5;
const FURTHER_GUESS_COST = 0.6;
/** Right and wrong guesses assumed before the first measurement. */
const PRIOR_HITS = 8;
const PRIOR_MISSES = 1;
/** How many tokens are generated without drafts while drafts are not expected to pay. */
const FIRST_PAUSE = 16;
const LONGEST_PAUSE = 256;
/** How much faster per token a draft must be. */
const NEEDED_GAIN = 1.05;
const FORGETTING = 0.7;
/** After this many evaluations a measured cost expires, since another program may have been running then. */
const COST_VALID_FOR = 32;

/** A position in the sequence or in the other texts. */
interface Source {
  readonly isOther: boolean;
  readonly position: number;
}

/**
 * Prompt-lookup drafting (Saxena 2023; arXiv 2304.04487). The continuation of an earlier occurrence of the last tokens
 * is drafted, and the network checks all guesses in a single evaluation. It is lossless: a guess is kept only if the
 * network chooses the same token.
 *
 * Whether it pays depends on the text and the machine. So the hit rate and the cost of each draft length are measured.
 * They decide the length of a draft, and drafting pauses while none is expected to pay.
 */
export class PromptLookup {
  #singleMs: number | undefined;
  #evaluations = 0;
  /** The duration of evaluations by number of guesses, and when it was measured. */
  readonly #draftMs = new Map<number, { readonly ms: number; readonly at: number }>();
  #hits = PRIOR_HITS;
  #misses = PRIOR_MISSES;
  /** The source of the last draft, and its position behind the token that differed. */
  #source: Source = { isOther: false, position: 0 };
  #aligned: Source | undefined;
  /** The size of the last draft. */
  #drafted = 0;
  #pause = 0;
  #nextPause = FIRST_PAUSE;
  /** The next draft is made even if it is not expected to pay. */
  #isTrial = false;
  #endings: EndingIndex | undefined;

  /** `others`: further texts that the sequence may repeat. */
  constructor(private readonly others?: NgramIndex) {}

  /**
   * Drafts at most `limit` tokens that may follow `tokens`. Returns none if nothing matches, while the cost of a single
   * token is unknown, or during a pause. An array that grew since the last call is indexed from its new tokens on; its
   * other tokens must not change.
   */
  draft(tokens: readonly TokenId[], limit: number): readonly TokenId[] {
    const aligned = this.#aligned;
    this.#aligned = undefined;
    if (this.#pause > 0) {
      this.#pause--;
      return [];
    }
    if (this.#singleMs === undefined) return [];
    const found = this.#find(tokens);
    const source = found?.source ?? aligned;
    if (source === undefined) return [];
    this.#source = source;
    const { isOther, position } = source;
    const most = Math.min(limit, found ? 2 * found.length + 3 : MOST_ALIGNED);
    const following =
      isOther && this.others ? this.others.following(position, most) : tokens.slice(position, position + most);
    return following.slice(0, this.#size(this.#singleMs, following.length));
  }

  /** Records the duration of an evaluation with `drafted` guesses, of which `accepted` were right. */
  record(drafted: number, accepted: number, elapsedMs: number): void {
    this.#evaluations++;
    if (drafted === 0) {
      this.#singleMs = blend(this.#singleMs, elapsedMs);
      return;
    }
    this.#drafted = drafted;
    const missed = accepted < drafted;
    this.#hits = this.#hits * FORGETTING + accepted;
    this.#misses = this.#misses * FORGETTING + (missed ? 1 : 0);
    if (missed && accepted > 0) this.#aligned = { ...this.#source, position: this.#source.position + accepted + 1 };
    this.#draftMs.set(drafted, { ms: blend(this.#measuredMs(drafted), elapsedMs), at: this.#evaluations });
  }

  /**
   * Records the duration of an evaluation that repeated the right guesses of the last draft. Its excess over a single
   * token belongs to the cost of that draft.
   */
  recordRepeat(elapsedMs: number): void {
    const last = this.#draftMs.get(this.#drafted);
    if (!last || this.#singleMs === undefined) return;
    const excessMs = Math.max(0, elapsedMs - this.#singleMs);
    this.#draftMs.set(this.#drafted, { ...last, ms: last.ms + (1 - FORGETTING) * excessMs });
  }

  /** Finds the source of a draft: the sequence itself, or the other texts if their match is longer. */
  #find(tokens: readonly TokenId[]): { readonly source: Source; readonly length: number } | undefined {
    if (this.#endings?.tokens !== tokens) this.#endings = new EndingIndex(tokens);
    const own = this.#endings.lastMatch();
    const other = own.length < LONGEST_ENDING ? this.others?.lastMatch(tokens, LONGEST_ENDING) : undefined;
    if (other !== undefined && other.length > own.length && other.length >= SHORTEST_OTHER_MATCH)
      return { source: { isOther: true, position: other.position }, length: other.length };
    return own.length > 0 ? { source: { isOther: false, position: own.position }, length: own.length } : undefined;
  }

  /** The draft size, at most `most`, with the most tokens per millisecond. 0 if no draft beats single tokens. */
  #size(singleMs: number, most: number): number {
    const right = this.#hits / (this.#hits + this.#misses);
    let best = 0;
    let bestSpeed = 0;
    for (const size of DRAFT_SIZES) {
      const costMs = this.#costMs(singleMs, size);
      if (size > most || costMs > MOST_EVALUATION_MS) break;
      const speed = (1 - right ** (size + 1)) / (1 - right) / costMs;
      if (speed <= bestSpeed) continue;
      best = size;
      bestSpeed = speed;
    }
    if (best === 0) return 0;
    if (bestSpeed * singleMs >= NEEDED_GAIN) {
      this.#nextPause = FIRST_PAUSE;
    } else if (!this.#isTrial) {
      this.#pause = this.#nextPause;
      this.#nextPause = Math.min(LONGEST_PAUSE, this.#nextPause * 2);
      this.#isTrial = true;
      return 0;
    }
    this.#isTrial = false;
    return best;
  }

  /** The duration of an evaluation with this number of guesses: measured, or estimated from neighbouring sizes. */
  #costMs(singleMs: number, size: number): number {
    const measured = this.#measuredMs(size);
    if (measured !== undefined) return measured;
    const sizes = [...this.#draftMs.keys()].filter((other) => this.#measuredMs(other) !== undefined);
    const larger = Math.min(...sizes.filter((other) => other > size));
    const smaller = Math.max(0, ...sizes.filter((other) => other < size));
    const smallerMs = this.#measuredMs(smaller) ?? singleMs;
    const largerMs = this.#measuredMs(larger);
    if (largerMs !== undefined) return smallerMs + ((largerMs - smallerMs) * (size - smaller)) / (larger - smaller);
    const guessMs =
      smaller === 0
        ? singleMs * FIRST_GUESS_COST
        : Math.max(0, ((smallerMs - singleMs) / smaller) * FURTHER_GUESS_COST);
    return smallerMs + (size - smaller) * guessMs;
  }

  #measuredMs(size: number): number | undefined {
    const measured = this.#draftMs.get(size);
    return measured && this.#evaluations - measured.at < COST_VALID_FOR ? measured.ms : undefined;
  }
}

function blend(old: number | undefined, value: number): number {
  return old === undefined ? value : old * FORGETTING + value * (1 - FORGETTING);
}
