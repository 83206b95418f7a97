import type { Graph } from '../ggml/graph.ts';
import { add, contiguous, mul, mulMat, permute, reshape } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { attentionGates } from './gates.ts';
import { multiply } from './linear.ts';
import type { MixtureOfAttentionOptions, MixtureOfAttentionWeights } from './mixtureOfAttention.ts';
import { attendPacked, type PackedInputs } from './packedAttention.ts';
import { projectHeads } from './projectHeads.ts';

/**
 * `mixtureOfAttention` within whole sequences, from differentiable operations only. `x[width, sequenceTokens ·
 * sequences]` keeps its shape.
 */
export function packedMixtureOfAttention(
  graph: Graph,
  x: Tensor,
  weights: MixtureOfAttentionWeights,
  inputs: PackedInputs,
  options: MixtureOfAttentionOptions,
): Tensor {
  const { headSize, heads, kvHeads, experts } = options;
  const isShared = options.cache === 'shared';
  const keyHeads = isShared ? kvHeads : experts * kvHeads;
  const tokens = x.shape[1];
  const {
    query,
    key,
    value: values,
  } = projectHeads(graph, x, weights, inputs.positions, { ...options, heads: experts * heads, kvHeads: keyHeads });
  const value = reshape(graph, values, [headSize, keyHeads, tokens]);
  const attended = attendPacked(graph, { query, key, value }, inputs, options.scale);
  const gates = attentionGates(graph, x, weights.router, options);
  const byExpert = isShared
    ? contiguous(
        graph,
        permute(
          graph,
          reshape(graph, attended, [(headSize * heads) / kvHeads, experts, kvHeads, tokens]),
          [0, 2, 1, 3],
        ),
      )
    : reshape(graph, attended, [headSize * heads, 1, experts, tokens]);
  const gated = mul(graph, byExpert, reshape(graph, gates, [1, 1, experts, tokens]));
  const output = multiply(graph, weights.output, reshape(graph, gated, [headSize * heads * experts, tokens]));
  return weights.outputBias ? add(graph, output, mulMat(graph, weights.outputBias, gates)) : output;
}
