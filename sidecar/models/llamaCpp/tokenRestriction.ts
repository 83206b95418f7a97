import { TokenBias, type LlamaModel } from 'node-llama-cpp';
import type { TokenId } from '../../protocol/engine.ts';

/**
 * A bias that leaves only the given tokens possible. The public `TokenBias.set` refuses to rule out tokens that end a generation and
 * would tokenise each entry; the sampler reads nothing but the pairs in `_biases`.
 */
export function restrictTo(model: LlamaModel, allowed: ReadonlySet<TokenId>, vocabularySize: number): TokenBias {
  const bias = TokenBias.for(model);
  (bias as unknown as { _biases: Iterable<readonly [TokenId, number]> })._biases = {
    *[Symbol.iterator]() {
      for (let token = 0; token < vocabularySize; token++) if (!allowed.has(token)) yield [token, -Infinity] as const;
    },
  };
  return bias;
}

export function unrestricted(model: LlamaModel): TokenBias {
  return TokenBias.for(model);
}
