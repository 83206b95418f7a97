import type { TokenId } from '../../protocol/engine.ts';

/**
 * The token with the largest logit; the first of several. It is a plain loop: a function call per token of a large
 * vocabulary takes long.
 */
export function likeliest(logits: Float32Array): TokenId {
  let best = 0;
  for (let token = 1; token < logits.length; token++)
    if ((logits[token] as number) > (logits[best] as number)) best = token;
  return best;
}
