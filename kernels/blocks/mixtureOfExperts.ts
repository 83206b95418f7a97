import type { Graph } from '../ggml/graph.ts';
import { add, argsortDescending, clamp, contiguous, div, getRows, mul, mulMat, mulMatId, reshape, softMax, sumRows, swiglu, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

export interface ExpertWeights {
  /** `[width, experts]` */
  readonly router: Tensor;
  /** `[width, hidden, experts]` */
  readonly gate: Tensor;
  /** `[width, hidden, experts]` */
  readonly up: Tensor;
  /** `[hidden, width, experts]` */
  readonly down: Tensor;
}

export interface MixtureOptions {
  readonly experts: number;
  readonly expertsUsed: number;
  /** Divides the chosen experts' gates by their sum (Mixtral, Qwen 3). */
  readonly renormalise: boolean;
}

/** Smallest normal float16: keeps a sum of gates from being zero. */
const MINIMUM_GATE_SUM = 6.103515625e-5;

/** Sparse mixture of gated networks (arXiv 1701.06538, 2401.04088): softmax over all experts, the `expertsUsed` largest run. `x[width, tokens]` keeps its shape. */
export function mixtureOfExperts(graph: Graph, x: Tensor, weights: ExpertWeights, options: MixtureOptions): Tensor {
  const [width, tokens] = x.shape;
  const { experts, expertsUsed } = options;
  const probabilities = softMax(graph, mulMat(graph, weights.router, x), undefined);
  // A view of an argsort and not top_k: gates must stand in a set order, so that sums are the same on every run.
  const chosen = view(graph, argsortDescending(graph, probabilities), [expertsUsed, tokens]);
  let gates = reshape(graph, getRows(graph, reshape(graph, probabilities, [1, experts, tokens]), chosen), [expertsUsed, tokens]);
  if (options.renormalise) gates = div(graph, gates, clamp(graph, sumRows(graph, gates), MINIMUM_GATE_SUM, Infinity));

  const input = reshape(graph, x, [width, 1, tokens]);
  const hidden = swiglu(graph, mulMatId(graph, weights.gate, input, chosen), mulMatId(graph, weights.up, input, chosen));
  const outputs = mul(graph, mulMatId(graph, weights.down, hidden, chosen), reshape(graph, gates, [1, expertsUsed, tokens]));
  const slot = (index: number): Tensor => view(graph, outputs, [width, tokens], { strides: [outputs.strides[2], 0, 0], offsetBytes: index * outputs.strides[1] });
  if (expertsUsed === 1) return contiguous(graph, slot(0));
  let sum = add(graph, slot(0), slot(1));
  for (let index = 2; index < expertsUsed; index++) sum = add(graph, sum, slot(index));
  return sum;
}
