import { linear } from '../../../../kernels/blocks/linear.ts';
import { norm } from '../../../../kernels/blocks/norm.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import { scale } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import type { Hyperparameters } from '../../architectures/architecture.ts';
import type { WeightTable } from '../../architectures/weightTable.ts';

/**
 * Adds the final norm and the output matrix, `x[width, tokens] → [vocabulary, tokens]`. The result is marked to be
 * read.
 */
export function outputLogits(
  graph: Graph,
  table: WeightTable,
  { norm: normOptions, logitScale }: Hyperparameters,
  x: Tensor,
): Tensor {
  const normed = norm(graph, x, table.norm('output_norm'), normOptions);
  const output = table.optional('output.weight')
    ? table.linear('output')
    : { weight: table.tensor('token_embd.weight') };
  const unscaled = linear(graph, normed, output);
  const logits = graph.named(logitScale === 1 ? unscaled : scale(graph, unscaled, logitScale), 'logits');
  graph.expand(logits, { read: true });
  return logits;
}
