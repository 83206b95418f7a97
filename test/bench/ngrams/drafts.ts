import { PromptLookup } from '../../../sidecar/models/decoding/drafting.ts';
import type { NgramIndex } from '../../../sidecar/models/decoding/ngramIndex.ts';

/** The cost of writing a text, in counts. */
export interface DraftCounts {
  readonly evaluations: number;
  readonly tokens: number;
  readonly drafted: number;
  readonly accepted: number;
}

/**
 * The assumed costs of an evaluation and of a guess in it, by which the gate decides. They are those of small models on
 * two cores.
 */
const SINGLE_MS = 10;
const GUESS_MS = 1.5;

/**
 * Counts the evaluations for writing `output` after `prompt` if the network chooses exactly these tokens. Drafting is
 * lossless, so the right guesses are known without computing. `prompt` and `output` have at least one token.
 */
export function countEvaluations(
  prompt: readonly number[],
  output: readonly number[],
  others?: NgramIndex,
): DraftCounts {
  const lookup = new PromptLookup(others);
  const held = [...prompt, output[0] as number];
  // The prompt's own evaluation gives the first token.
  let counts: DraftCounts = { evaluations: 1, tokens: 1, drafted: 0, accepted: 0 };
  lookup.record(0, 0, SINGLE_MS);
  for (let at = 1; at < output.length;) {
    const guesses = lookup.draft(held, output.length - at - 1);
    let accepted = 0;
    while (accepted < guesses.length && guesses[accepted] === output[at + accepted]) accepted++;
    lookup.record(guesses.length, accepted, SINGLE_MS + GUESS_MS * guesses.length);
    held.push(...output.slice(at, at + accepted + 1));
    at += accepted + 1;
    counts = {
      evaluations: counts.evaluations + 1,
      tokens: counts.tokens + accepted + 1,
      drafted: counts.drafted + guesses.length,
      accepted: counts.accepted + accepted,
    };
  }
  return counts;
}

export function sumOf(all: readonly DraftCounts[]): DraftCounts {
  const sum = (of: (counts: DraftCounts) => number): number => all.reduce((total, counts) => total + of(counts), 0);
  return {
    evaluations: sum(({ evaluations }) => evaluations),
    tokens: sum(({ tokens }) => tokens),
    drafted: sum(({ drafted }) => drafted),
    accepted: sum(({ accepted }) => accepted),
  };
}
