import type { TokenId } from '../protocol/engine.ts';

/** Tokens that have to agree for a continuation to be drafted. */
const LONGEST_MATCH = 6;
const SHORTEST_MATCH = 2;
const MOST_DRAFTED = 12;
/** Tokens generated without drafts after drafts did not pay. */
const FIRST_PAUSE = 16;
const LONGEST_PAUSE = 256;
/** How much faster a draft has to be, per token, to be kept up. */
const NEEDED_GAIN = 1.05;
const FORGETTING = 0.7;

/**
 * Prompt-lookup drafting (Saxena 2023; arXiv 2304.04487): what followed the last tokens earlier in the sequence is guessed to follow now, and
 * the network checks all guesses in one evaluation. Lossless, since a guess is kept only where the network chooses the same. Whether it pays
 * depends on the text and the machine, so both the accepted share and the cost are measured, and drafting pauses while it loses.
 */
export class PromptLookup {
  #singleMs: number | undefined;
  #draftedMsPerToken: number | undefined;
  #pause = 0;
  #nextPause = FIRST_PAUSE;

  /** Guesses for what follows `tokens`, at most `limit`; empty where nothing is known or drafting pauses. */
  draft(tokens: readonly TokenId[], limit: number): readonly TokenId[] {
    if (this.#pause > 0) {
      this.#pause--;
      return [];
    }
    const { position, length } = lastMatch(tokens);
    return length < SHORTEST_MATCH ? [] : tokens.slice(position, position + Math.min(MOST_DRAFTED, limit, 2 * length));
  }

  /** Tells what an evaluation with `drafted` guesses, of which `accepted` were right, took. */
  record(drafted: number, accepted: number, elapsedMs: number): void {
    if (drafted === 0) {
      this.#singleMs = blend(this.#singleMs, elapsedMs);
      return;
    }
    this.#draftedMsPerToken = blend(this.#draftedMsPerToken, elapsedMs / (accepted + 1));
    if (this.#singleMs === undefined) return;
    if (this.#singleMs < this.#draftedMsPerToken * NEEDED_GAIN) {
      this.#pause = this.#nextPause;
      this.#nextPause = Math.min(LONGEST_PAUSE, this.#nextPause * 2);
      this.#draftedMsPerToken = undefined;
    } else {
      this.#nextPause = FIRST_PAUSE;
    }
  }
}

/** Where the longest ending of `tokens` stood before, the last of equally long ones, and how long it is; `position` is what follows it. */
function lastMatch(tokens: readonly TokenId[]): { position: number; length: number } {
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
