import { performance } from 'node:perf_hooks';
import { PromptLookup } from '../../sidecar/models/decoding/drafting.ts';
import type { OpenedNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { median } from './statistics.ts';

const FILE_TOKENS = 400;
const COPIED_TOKENS = 240;
/** The distance of edits: every 60th token differs from the file. */
const EDIT_EVERY = 60;
const ROUNDS = 3;

export interface DraftingSpeed {
  /** Tokens per second, medians. */
  readonly plain: number;
  readonly drafted: number;
  /** The median of the rounds' ratios. */
  readonly speedUp: number;
}

/**
 * Repeats a file with small edits, alternating with drafts and without. Tokens are forced, so that drafts are right
 * wherever the copy agrees with the file. So it measures the speed-up by right drafts.
 */
export async function draftingSpeed(
  { network, sequence, model }: OpenedNetwork,
  tokens: readonly number[],
): Promise<DraftingSpeed> {
  const { vocabularySize } = model.hyperparameters;
  const file = tokens.slice(0, FILE_TOKENS);
  const copy = file
    .slice(0, COPIED_TOKENS)
    .map((token, index) => (index % EDIT_EVERY === EDIT_EVERY - 1 ? (token + 1) % vocabularySize : token));
  sequence.truncate(0);
  await network.evaluate(sequence, file, 'last');

  const plain = async (): Promise<void> => {
    for (const token of copy) await network.evaluate(sequence, [token], 'last');
  };
  const drafted = async (): Promise<void> => {
    const lookup = new PromptLookup();
    const held = [...sequence.tokens, copy[0] as number];
    for (let at = 0; at < copy.length;) {
      const guesses = lookup.draft(held, copy.length - at - 1);
      const start = performance.now();
      await network.evaluate(sequence, [copy[at] as number, ...guesses], guesses.length > 0 ? 'all' : 'last');
      let accepted = 0;
      while (accepted < guesses.length && guesses[accepted] === copy[at + 1 + accepted]) accepted++;
      lookup.record(guesses.length, accepted, performance.now() - start);
      sequence.truncate(held.length + accepted);
      held.push(...copy.slice(at + 1, at + accepted + 2));
      at += accepted + 1;
    }
  };
  const timed = async (work: () => Promise<void>): Promise<number> => {
    sequence.truncate(FILE_TOKENS);
    const start = performance.now();
    await work();
    return performance.now() - start;
  };

  const rounds: { readonly plainMs: number; readonly draftedMs: number }[] = [];
  // The first round builds the graphs of all lengths.
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = { plainMs: await timed(plain), draftedMs: await timed(drafted) };
    if (round > 0) rounds.push(measured);
  }
  const speed = (elapsedMs: number): number => (copy.length * 1000) / elapsedMs;
  return {
    plain: speed(median(rounds.map(({ plainMs }) => plainMs))),
    drafted: speed(median(rounds.map(({ draftedMs }) => draftedMs))),
    speedUp: median(rounds.map(({ plainMs, draftedMs }) => plainMs / draftedMs)),
  };
}
