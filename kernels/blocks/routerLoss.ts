import { sumTo } from './sumTo.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, exp, log, mulMat, reshape, scale, softMax, sqr, step, sumRows } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { chosenGates } from './gates.ts';

export interface RouterLossOptions {
  /** α: of the load-balancing loss; 0.01 is usual. */
  readonly balance: number;
  /** β: of the z loss; 0.001 is usual. */
  readonly z: number;
}

/**
 * What a router adds to the loss, as one value: `α N Σ fᵢ Pᵢ` with each expert's share of the choices and its mean
 * probability (Switch Transformer, arXiv 2101.03961), and `β mean(logsumexp²)` (ST-MoE, arXiv 2202.08906). `x[width,
 * tokens], router[width, experts]`.
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
