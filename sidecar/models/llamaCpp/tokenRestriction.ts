import { TokenBias, type LlamaModel } from 'node-llama-cpp';
import type { TokenId } from '../../protocol/engine.ts';

/**
 * A bias that allows only the given tokens. The public `TokenBias.set` refuses to exclude end-of-generation tokens and
 * would tokenise each entry. The sampler reads only the pairs in `_biases`.
 */
export function restrictTo(model: LlamaModel, allowed: ReadonlySet<TokenId>, vocabularySize: number): TokenBias {
  const bias = TokenBias.for(model);
  (bias as unknown as { _biases: Iterable<readonly [TokenId, number]> })._biases = {
    [Symbol.iterator]: () => forbiddenTokens(allowed, vocabularySize),
  };
  return bias;
}

/** Yields the same pair object each time: allocating a pair per token of a vocabulary would cost milliseconds. */
function forbiddenTokens(allowed: ReadonlySet<TokenId>, vocabularySize: number): Iterator<readonly [TokenId, number]> {
  const value: [TokenId, number] = [-1, -Infinity];
  const result = { done: false, value };
  return {
    next: () => {
      do value[0]++;
      while (allowed.has(value[0]));
      result.done = value[0] >= vocabularySize;
      return result as IteratorResult<readonly [TokenId, number]>;
    },
  };
}

export function unrestricted(model: LlamaModel): TokenBias {
  return TokenBias.for(model);
}
