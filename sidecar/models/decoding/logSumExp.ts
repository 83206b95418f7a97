import type { TokenId } from '../../protocol/engine.ts';

/**
 * The logarithm of the sum of exponentials of the logits. It uses plain loops: with a function call per token, a large
 * vocabulary takes as long as a small network.
 */
export function logSumExp(logits: Float32Array): number {
  let most = -Infinity;
  for (const logit of logits) if (logit > most) most = logit;
  let sum = 0;
  for (const logit of logits) if (logit !== -Infinity) sum += Math.exp(logit - most);
  return most + Math.log(sum);
}

/** The natural logarithm of a token's probability. */
export function logProbability(logits: Float32Array, token: TokenId): number {
  return (logits[token] as number) - logSumExp(logits);
}
