import type { TokenId } from '../../protocol/engine.ts';
import type { NgramIndex, NgramMatch } from './ngramIndex.ts';

/** Tokens that have to agree for a continuation to be drafted. */
const LONGEST_MATCH = 6;
const SHORTEST_MATCH = 2;
/** In other texts two tokens agree too often. */
const SHORTEST_OTHER_MATCH = 3;
/**
 * Guesses that a draft may have: with the token before them mostly multiples of four, which products of blocks of rows
 * take whole, and few, so that graphs are used again.
 */
const DRAFT_SIZES = [1, 2, 3, 5, 7, 11, 15] as const;
/** Guesses where nothing matches and the last draft's source is followed beyond the token that differed. */
const MOST_ALIGNED = 3;
/** Longest evaluation that a draft may make, so that cancelling is still felt at once. */
const MOST_EVALUATION_MS = 80;
/**
 * What a guess costs beside a token of its own until one was measured, and beside a measured one where a longer draft
 * is estimated: guesses get cheaper.
 */
const FIRST_GUESS_COST = 0.5;
const FURTHER_GUESS_COST = 0.6;
/** Right and wrong guesses taken as seen before the first. */
const PRIOR_HITS = 8;
const PRIOR_MISSES = 1;
/** Tokens generated without drafts while drafts are expected not to pay. */
const FIRST_PAUSE = 16;
const LONGEST_PAUSE = 256;
/** How much faster a draft has to be, per token, to be made. */
const NEEDED_GAIN = 1.05;
const FORGETTING = 0.7;
/** Evaluations after which a measured cost is old: another program may have been at work then. */
const COST_VALID_FOR = 32;

/** A place in the sequence or in the others. */
interface Source {
  readonly isOther: boolean;
  readonly position: number;
}

/**
 * Prompt-lookup drafting (Saxena 2023; arXiv 2304.04487): what followed the last tokens earlier in the sequence is
 * guessed to follow now, and the network checks all guesses in one evaluation. Lossless, since a guess is kept only
 * where the network chooses the same. Whether it pays depends on the text and the machine, so the share of right
 * guesses and the cost of each length are measured: they give the length of a draft, and drafting pauses while none is
 * expected to pay.
 */
export class PromptLookup {
  #singleMs: number | undefined;
  #evaluations = 0;
  /** Of evaluations with that many guesses, and when it was measured. */
  readonly #draftMs = new Map<number, { readonly ms: number; readonly at: number }>();
  #hits = PRIOR_HITS;
  #misses = PRIOR_MISSES;
  /** Where the last draft was taken from, and where its source goes on behind the token that differed. */
  #source: Source = { isOther: false, position: 0 };
  #aligned: Source | undefined;
  #pause = 0;
  #nextPause = FIRST_PAUSE;
  /** The next draft is made whatever is expected of it. */
  #isTrial = false;

  /** `others`: texts beside the sequence that it may go on like. */
  constructor(private readonly others?: NgramIndex) {}

  /**
   * Guesses for what follows `tokens`, at most `limit`; empty where nothing is known, before a token's own cost is, or
   * while drafting pauses.
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

  /** Tells what an evaluation with `drafted` guesses, of which `accepted` were right, took. */
  record(drafted: number, accepted: number, elapsedMs: number): void {
    this.#evaluations++;
    if (drafted === 0) {
      this.#singleMs = blend(this.#singleMs, elapsedMs);
      return;
    }
    const missed = accepted < drafted;
    this.#hits = this.#hits * FORGETTING + accepted;
    this.#misses = this.#misses * FORGETTING + (missed ? 1 : 0);
    if (missed && accepted > 0) this.#aligned = { ...this.#source, position: this.#source.position + accepted + 1 };
    this.#draftMs.set(drafted, { ms: blend(this.#measuredMs(drafted), elapsedMs), at: this.#evaluations });
  }

  /** Where to guess from: the sequence itself, or others where more of them agrees. */
  #find(tokens: readonly TokenId[]): { readonly source: Source; readonly length: number } | undefined {
    const own = lastMatch(tokens);
    const other = own.length < LONGEST_MATCH ? this.others?.lastMatch(tokens, LONGEST_MATCH) : undefined;
    if (other !== undefined && other.length > own.length && other.length >= SHORTEST_OTHER_MATCH)
      return { source: { isOther: true, position: other.position }, length: other.length };
    return own.length >= SHORTEST_MATCH
      ? { source: { isOther: false, position: own.position }, length: own.length }
      : undefined;
  }

  /**
   * The size of a draft, at most `most`, that gives the most tokens a millisecond; 0 where none gives more than tokens
   * one by one.
   */
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

  /** What an evaluation with that many guesses takes: measured, or estimated from the measured ones around it. */
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

/**
 * Where the longest ending of `tokens` stood before, the last of equally long ones, and how long it is; `position` is
 * what follows it.
 */
function lastMatch(tokens: readonly TokenId[]): NgramMatch {
  const last = tokens.length - 1;
  let best = { position: 0, length: 0 };
  for (let end = last - 1; end >= 0 && best.length < LONGEST_MATCH; end--) {
    let length = 0;
    while (length < LONGEST_MATCH && length <= end && tokens[end - length] === tokens[last - length]) length++;
    if (length > best.length) best = { position: end + 1, length };
  }
  return best;
}

function blend(old: number | undefined, value: number): number {
  return old === undefined ? value : old * FORGETTING + value * (1 - FORGETTING);
}
