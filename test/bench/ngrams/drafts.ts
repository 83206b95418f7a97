import { PromptLookup } from '../../../sidecar/models/decoding/drafting.ts';
import type { NgramIndex } from '../../../sidecar/models/decoding/ngramIndex.ts';

/** What writing a text took, in counts. */
export interface DraftCounts {
  readonly evaluations: number;
  readonly tokens: number;
  readonly drafted: number;
  readonly accepted: number;
}

/** What an evaluation with guesses is taken to cost, by which the gate decides: as small models on two cores. */
const SINGLE_MS = 10;
const GUESS_MS = 1.5;

/**
 * Counts the evaluations that writing `output` behind `prompt` takes, where the network chooses just these tokens:
 * drafting is lossless, so that nothing has to be computed to know which guesses are right. `prompt` and `output` have
 * a token at least.
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
