import type { TokenId, TokenLikelihood } from '../protocol/engine.ts';
import type { GenerationContext } from './generation.ts';
import { Preempted } from './turns.ts';

/**
 * Returns how likely the tokens are that may follow a prompt, whose last token the sequence does not hold yet. More
 * urgent requests interrupt the evaluation, which is then repeated. Rejects with `EndedEarly`.
 */
export async function expectedLikelihoods(
  { sequence, signal, turn }: Pick<GenerationContext, 'sequence' | 'signal' | 'turn'>,
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
