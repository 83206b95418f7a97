import type { Graph } from '../ggml/graph.ts';
import {
  add,
  argsortDescending,
  clamp,
  div,
  getRows,
  mulMat,
  reshape,
  scale,
  setRows,
  sigmoid,
  softMax,
  sumRows,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** The smallest normal float16. It keeps a sum of gates from being zero. */
const MINIMUM_GATE_SUM = 6.103515625e-5;

/** The weights that score experts. */
export interface Router {
  /** `[width, experts]` */
  readonly router: Tensor;
  /** `[experts]` */
  readonly routerBias?: Tensor;
  /** `[experts]`. It is added to scores for the choice alone, not for gates (arXiv 2408.15664). */
  readonly choiceBias?: Tensor;
}

/**
 * The scores of experts: a softmax over all experts, a sigmoid of each product, or the products themselves. The gates
 * of the last are a softmax over the chosen experts.
 */
export type ScoreKind = 'softmax' | 'sigmoid' | 'products';

/**
 * How the gates of the chosen experts follow from their scores: unchanged, divided by their sum, or times the number of
 * experts.
 */
export type GateMode = 'faithful' | 'renormalised' | 'scaled';

/**
 * The experts that run for each token, and their gates. Both are `[expertsUsed, tokens]`, the likeliest expert first.
 */
export interface Choice {
  readonly experts: Tensor;
  readonly gates: Tensor;
}

/** Softmax of the router over all experts: `x[width, tokens], router[width, experts] → [experts, tokens]`. */
function softGates(graph: Graph, x: Tensor, router: Tensor): Tensor {
  return softMax(graph, mulMat(graph, router, x), undefined);
}

/**
 * Gates of attention experts, `[experts, tokens]`: of all experts, or of the chosen ones if `expertsUsed` is smaller.
 */
export function attentionGates(
  graph: Graph,
  x: Tensor,
  router: Tensor,
  {
    experts,
    expertsUsed = experts,
    gateMode,
  }: { readonly experts: number; readonly expertsUsed?: number; readonly gateMode?: GateMode },
): Tensor {
  return expertsUsed < experts ? chosenGates(graph, x, router, expertsUsed, gateMode) : softGates(graph, x, router);
}

/** Chooses the `expertsUsed` experts of each token with the highest scores. */
export function chooseExperts(
  graph: Graph,
  x: Tensor,
  { router, routerBias, choiceBias }: Router,
  { score = 'softmax', gateScale = 1, ...options }: ChoiceOptions & { score?: ScoreKind; gateScale?: number },
): Choice {
  const product = mulMat(graph, router, x);
  const products = routerBias ? add(graph, product, routerBias) : product;
  const scores =
    score === 'softmax'
      ? softMax(graph, products, undefined)
      : score === 'sigmoid'
        ? sigmoid(graph, products)
        : products;
  const { experts, gates } = choose(graph, scores, {
    ...options,
    ranks: choiceBias && add(graph, scores, choiceBias),
    isUnnormalised: score === 'products',
  });
  return { experts, gates: gateScale === 1 ? gates : scale(graph, gates, gateScale) };
}

interface ChoiceOptions {
  readonly expertsUsed: number;
  readonly mode: GateMode;
}

/**
 * Gates of all experts, `[experts, tokens]`. The `expertsUsed` likeliest get a gate, renormalised by default. The gates
 * of the rest are zero.
 */
export function chosenGates(
  graph: Graph,
  x: Tensor,
  router: Tensor,
  expertsUsed: number,
  mode: GateMode = 'renormalised',
): Tensor {
  const probabilities = softGates(graph, x, router);
  const [experts, tokens] = probabilities.shape;
  const choice = choose(graph, probabilities, { expertsUsed, mode });
  const none = reshape(graph, scale(graph, probabilities, 0), [1, experts, tokens]);
  return reshape(graph, setRows(graph, none, reshape(graph, choice.gates, [1, expertsUsed, tokens]), choice.experts), [
    experts,
    tokens,
  ]);
}

/** `ranks`: the scores that decide the choice. `isUnnormalised`: gates are a softmax over the chosen scores. */
function choose(
  graph: Graph,
  scores: Tensor,
  {
    expertsUsed,
    mode,
    ranks = scores,
    isUnnormalised = false,
  }: ChoiceOptions & { readonly ranks?: Tensor; readonly isUnnormalised?: boolean },
): Choice {
  const [experts, tokens] = scores.shape;
  // A view of an argsort instead of topK: gates need a fixed order, so that sums are the same in every run.
  const chosen = view(graph, argsortDescending(graph, ranks), [expertsUsed, tokens]);
  const chosenScores = reshape(graph, getRows(graph, reshape(graph, scores, [1, experts, tokens]), chosen), [
    expertsUsed,
    tokens,
  ]);
  const gates = isUnnormalised ? softMax(graph, chosenScores, undefined) : chosenScores;
  switch (mode) {
    case 'faithful':
      return { experts: chosen, gates };
    case 'renormalised':
      return {
        experts: chosen,
        gates: div(graph, gates, clamp(graph, sumRows(graph, gates), MINIMUM_GATE_SUM, Infinity)),
      };
    case 'scaled':
      return { experts: chosen, gates: scale(graph, gates, experts) };
  }
}
