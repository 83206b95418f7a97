import { sumTo } from './sumTo.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, exp, log, mulMat, reshape, scale, softMax, sqr, step, sumRows } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { chosenGates } from './gates.ts';

export interface RouterLossOptions {
  /** α: the weight of the load-balancing loss. 0.01 is usual. */
  readonly balance: number;
  /** β: the weight of the z loss. 0.001 is usual. */
  readonly z: number;
}

/**
 * The loss of a router, a single value, for `x[width, tokens], router[width, experts]`.
 *
 * The first term is `α N Σ fᵢ Pᵢ`, with each expert's share of the choices and its mean probability (Switch
 * Transformer, arXiv 2101.03961). The second is `β mean(logsumexp²)` (ST-MoE, arXiv 2202.08906).
 */
export function routerLoss(
  graph: Graph,
  x: Tensor,
  router: Tensor,
  { expertsUsed, balance, z }: RouterLossOptions & { readonly expertsUsed: number },
): Tensor {
  const logits = mulMat(graph, router, x);
  const [experts, tokens] = logits.shape;
  const share = (a: Tensor, factor: number): Tensor =>
    reshape(graph, scale(graph, sumTo(graph, a, [experts, 1, 1, 1]), factor), [experts]);
  const chosen = share(step(graph, chosenGates(graph, x, router, expertsUsed)), 1 / (tokens * expertsUsed));
  const probability = share(softMax(graph, logits, undefined), 1 / tokens);
  const balanced = scale(graph, mulMat(graph, chosen, probability), balance * experts);
  const totals = reshape(graph, log(graph, sumRows(graph, exp(graph, logits))), [tokens]);
  return add(graph, balanced, scale(graph, sumRows(graph, sqr(graph, totals)), z / tokens));
}
