import { div, mul, scale, sqr, sqrt, sub, sumRows } from '../../../ggml/ops.ts';
import type { Graph } from '../../../ggml/graph.ts';
import type { Tensor } from '../../../ggml/tensor.ts';
import { rmsNormBack } from '../../../ggml/trainingOps.ts';
import { attributesOf, type Rule } from '../rule.ts';

/** Root-mean-square norm: with y = x ⁄ s, `(g − y mean(g y)) ⁄ s`. */
export const rmsNormRule: Rule = ({ graph, node, gradient, composed }) => {
  const x = node.sources[0] as Tensor;
  const { epsilon } = attributesOf(node, 'rmsNorm');
  if (!composed) return [rmsNormBack(graph, gradient, x, epsilon)];
  const spread = sqrt(graph, scale(graph, mean(graph, sqr(graph, x)), 1, epsilon));
  return [div(graph, sub(graph, gradient, along(graph, gradient, node.result)), spread)];
};

/** Mean and variance norm: with y = (x − mean x) ⁄ s, `(g − mean g − y mean(g y)) ⁄ s`. */
export const normRule: Rule = ({ graph, node, gradient }) => {
  const x = node.sources[0] as Tensor;
  const { epsilon } = attributesOf(node, 'norm');
  const centred = sub(graph, x, mean(graph, x));
  const spread = sqrt(graph, scale(graph, mean(graph, sqr(graph, centred)), 1, epsilon));
  const centredGradient = sub(graph, gradient, mean(graph, gradient));
  return [div(graph, sub(graph, centredGradient, along(graph, gradient, node.result)), spread)];
};

const mean = (graph: Graph, a: Tensor): Tensor => scale(graph, sumRows(graph, a), 1 / a.shape[0]);

/** The projection of each row of `a` on the same row of `direction`, whose mean square is one. */
const along = (graph: Graph, a: Tensor, direction: Tensor): Tensor =>
  mul(graph, direction, mean(graph, mul(graph, a, direction)));
