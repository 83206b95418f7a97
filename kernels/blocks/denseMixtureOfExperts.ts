import { sumTo } from './sumTo.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, mul, mulMat, repeat, reshape, swiglu, transpose } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { chosenGates } from './gates.ts';
import type { ExpertLinearWeights, ExpertWeights, MixtureOptions } from './mixtureOfExperts.ts';

/**
 * `mixtureOfExperts` with every expert computed for every token. Experts that were not chosen have a gate of zero, so
 * the sum is the same. All operations are differentiable, at `experts ⁄ expertsUsed` times the cost. The shape of
 * `x[width, tokens]` is kept.
 */
export function denseMixtureOfExperts(
  graph: Graph,
  x: Tensor,
  weights: ExpertWeights,
  { expertsUsed, gateMode }: MixtureOptions,
): Tensor {
  const [width, tokens] = x.shape;
  const experts = weights.router.shape[1];
  const gates = chosenGates(graph, x, weights.router, expertsUsed, gateMode);
  const product = (input: Tensor, { weight, bias }: ExpertLinearWeights): Tensor => {
    const result = mulMat(graph, weight, input);
    return bias ? add(graph, result, reshape(graph, bias, [bias.shape[0], 1, experts])) : result;
  };
  // [width, tokens, experts]
  const input = repeat(graph, reshape(graph, x, [width, tokens, 1]), [width, tokens, experts]);
  const hidden = swiglu(graph, product(input, weights.gate), product(input, weights.up));
  const byExpert = reshape(graph, contiguous(graph, transpose(graph, gates)), [1, tokens, experts]);
  return sumTo(graph, mul(graph, product(hidden, weights.down), byExpert), [width, tokens, 1, 1]);
}
