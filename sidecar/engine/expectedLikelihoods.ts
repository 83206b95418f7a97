import type { BackendSequence } from '../models/backend.ts';
import type { TokenId, TokenLikelihood } from '../protocol/engine.ts';
import { Preempted } from './turns.ts';

interface Scoring {
  readonly sequence: Pick<BackendSequence, 'likelihoods'>;
  /** Aborts with `EndedEarly`. */
  readonly signal: AbortSignal;
  /** Runs one step when it is this request's turn. */
  readonly turn: <T>(step: (preempted: AbortSignal) => Promise<T>) => Promise<T>;
}

/**
 * Returns how likely the tokens are that may follow a prompt, whose last token the sequence does not hold yet. More
 * urgent requests interrupt the evaluation, which is then repeated. Rejects with `EndedEarly`.
 */
export async function expectedLikelihoods(
  { sequence, signal, turn }: Scoring,
  last: TokenId,
  expected: readonly TokenId[],
): Promise<readonly TokenLikelihood[] | undefined> {
  for (;;) {
    try {
      return await turn(
        async (preempted) => await sequence.likelihoods?.(last, expected, AbortSignal.any([signal, preempted])),
      );
    } catch (error) {
      if (!(error instanceof Preempted)) throw error;
    }
  }
}
