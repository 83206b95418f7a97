/** Samplers as plain loops over sorted arrays, as in their papers. */

function softmax(logits: readonly number[], temperature = 1): number[] {
  const best = Math.max(...logits);
  const weights = logits.map((logit) => Math.exp((logit - best) / temperature));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

/** The probability of each token after penalty, top-k, top-p, min-p and temperature, in this order. */
export function distribution(
  logits: readonly number[],
  {
    recent = [],
    penalty = 1,
    topK = 0,
    topP = 1,
    minP = 0,
    temperature = 1,
  }: {
    recent?: readonly number[];
    penalty?: number;
    topK?: number;
    topP?: number;
    minP?: number;
    temperature?: number;
  },
): number[] {
  const penalised = logits.map((logit, token) =>
    !recent.includes(token) ? logit : logit > 0 ? logit / penalty : logit * penalty,
  );
  let order = penalised
    .map((_, token) => token)
    .sort((a, b) => (penalised[b] as number) - (penalised[a] as number) || a - b);
  if (topK > 0) order = order.slice(0, topK);
  const shares = softmax(order.map((token) => penalised[token] as number));
  let kept = order.length;
  let sum = 0;
  for (let index = 0; index < order.length; index++) {
    sum += shares[index] as number;
    if (sum >= topP) {
      kept = index + 1;
      break;
    }
  }
  order = order.slice(0, kept);
  const best = penalised[order[0] as number] as number;
  order = order.filter((token) => Math.exp((penalised[token] as number) - best) >= minP);
  const chosen = softmax(
    order.map((token) => penalised[token] as number),
    temperature,
  );
  const result = logits.map(() => 0);
  order.forEach((token, index) => (result[token] = chosen[index] as number));
  return result;
}
