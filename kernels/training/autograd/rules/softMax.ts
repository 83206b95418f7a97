import { mul, scale, sub, sumRows } from '../../../ggml/ops.ts';
import { softMaxBack } from '../../../ggml/trainingOps.ts';
import { attributesOf, NotDifferentiableError, type Rule } from '../rule.ts';

/** `p = softmax(factor a + mask)`: `factor p (g − Σ g p)`. */
export const softMaxRule: Rule = ({ graph, node, gradient, needs, composed }) => {
  if (node.sources[1] && needs(1))
    throw new NotDifferentiableError(
      `softMax: the mask ${node.sources[1].toString()} depends on a parameter, and has no gradient.`,
    );
  const { factor } = attributesOf(node, 'softMax');
  const { result } = node;
  if (!composed) return [softMaxBack(graph, gradient, result, factor)];
  const weighted = mul(graph, gradient, result);
  return [scale(graph, sub(graph, weighted, mul(graph, result, sumRows(graph, weighted))), factor)];
};
