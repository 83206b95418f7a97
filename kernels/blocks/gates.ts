import type { Graph } from '../ggml/graph.ts';
import {
  argsortDescending,
  clamp,
  div,
  getRows,
  mulMat,
  reshape,
  scale,
  setRows,
  softMax,
  sumRows,
  view,
} from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** The smallest normal float16. It keeps a sum of gates from being zero. */
const MINIMUM_GATE_SUM = 6.103515625e-5;

/**
 * How the gates of the chosen experts follow from the softmax over all experts: unchanged, divided by their sum, or
 * times the number of experts.
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

/** Chooses the `expertsUsed` likeliest experts of each token. */
export function chooseExperts(
  graph: Graph,
  x: Tensor,
  router: Tensor,
  options: { expertsUsed: number; mode: GateMode },
): Choice {
  return choose(graph, softGates(graph, x, router), options);
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

function choose(
  graph: Graph,
  probabilities: Tensor,
  { expertsUsed, mode }: { expertsUsed: number; mode: GateMode },
): Choice {
  const [experts, tokens] = probabilities.shape;
  // A view of an argsort instead of topK: gates need a fixed order, so that sums are the same in every run.
  const chosen = view(graph, argsortDescending(graph, probabilities), [expertsUsed, tokens]);
  const gates = reshape(graph, getRows(graph, reshape(graph, probabilities, [1, experts, tokens]), chosen), [
    expertsUsed,
    tokens,
  ]);
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
