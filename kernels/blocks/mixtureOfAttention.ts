import type { Graph } from '../ggml/graph.ts';
import { add, mul, mulMat, permute, repeat, reshape, scale } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { attendCache } from './attendCache.ts';
import type { AttentionInputs, LayerCache } from './attentionInputs.ts';
import type { AttentionOptions } from './attention.ts';
import { attentionGates, type GateMode } from './gates.ts';
import { multiply, type LinearWeights, type Matrix } from './linear.ts';
import type { NormWeights } from './norm.ts';
import { projectHeads } from './projectHeads.ts';

/**
 * The weights of all attention experts, joined in single matrices so that no view of an expert is needed.
 *
 * With a cache per expert, heads are ordered by expert. With a shared cache, query heads are ordered by KV head, then
 * by expert: so grouped-query attention finds each head's keys. The columns of the output matrix are always ordered by
 * expert.
 */
export interface MixtureOfAttentionWeights {
  /** `[width, experts]` */
  readonly router: Tensor;
  /** `[width, experts · heads · headSize]` */
  readonly query: LinearWeights;
  /** `[width, cachedExperts · kvHeads · headSize]` */
  readonly key: LinearWeights;
  readonly value: LinearWeights;
  /** `[experts · heads · headSize, width]` */
  readonly output: Matrix;
  /** `[experts, width]` */
  readonly outputBias?: Tensor;
  /** Per-head norms, `[headSize, experts · heads]` and `[headSize, cachedExperts · kvHeads]`. */
  readonly queryNorm?: NormWeights;
  readonly keyNorm?: NormWeights;
}

/** The options of mixture of attention. `heads` and `kvHeads` count the heads of a single expert. */
export interface MixtureOfAttentionOptions extends AttentionOptions {
  readonly experts: number;
  /** How many experts' outputs count. Default: all. */
  readonly expertsUsed?: number;
  /** Used if not all experts count. Default: 'renormalised'. */
  readonly gateMode?: GateMode;
  /** Whether all experts attend the same keys and values (Shared-KV) or each expert its own (Expert-KV). */
  readonly cache: 'expert' | 'shared';
}

/**
 * Mixture of attention of BAM (arXiv 2408.08274): `Σ gate_j(x) · attention_j(x)`. The gates are a softmax over all
 * experts, whose heads attend in a single call. The shape of `x[width, tokens]` is kept. Writes the tokens' keys and
 * values into the cache, `[headSize · cachedExperts · kvHeads, rows]`.
 */
export function mixtureOfAttention(
  graph: Graph,
  x: Tensor,
  weights: MixtureOfAttentionWeights,
  cache: LayerCache,
  inputs: AttentionInputs,
  options: MixtureOfAttentionOptions,
): Tensor {
  const { headSize, heads, kvHeads, experts } = options;
  const isShared = options.cache === 'shared';
  const cachedHeads = isShared ? kvHeads : experts * kvHeads;
  const tokens = x.shape[1];
  const projected = projectHeads(graph, x, weights, inputs.positions, {
    ...options,
    heads: experts * heads,
    kvHeads: cachedHeads,
  });
  const gates = attentionGates(graph, x, weights.router, options);
  // All experts share the kept rows, so the votes of each are weighted by its gate.
  const votes = isShared
    ? (): Tensor =>
        reshape(
          graph,
          repeat(graph, reshape(graph, scale(graph, gates, experts), [1, experts, 1, tokens]), [
            heads / kvHeads,
            experts,
            kvHeads,
            tokens,
          ]),
          [experts * heads, tokens],
        )
    : undefined;
  const attended = attendCache(graph, projected, cache, inputs, {
    headSize,
    kvHeads: cachedHeads,
    scale: options.scale,
    rope: options.rope,
    votes,
  });
  // Gates scale the heads before the output matrix instead of the outputs behind it. So one product serves all experts.
  const byExpert = isShared
    ? permute(graph, reshape(graph, attended, [(headSize * heads) / kvHeads, experts, kvHeads, tokens]), [0, 2, 1, 3])
    : reshape(graph, attended, [headSize * heads, 1, experts, tokens]);
  const gated = mul(graph, byExpert, reshape(graph, gates, [1, 1, experts, tokens]));
  const output = multiply(graph, weights.output, reshape(graph, gated, [headSize * heads * experts, tokens]));
  return weights.outputBias ? add(graph, output, mulMat(graph, weights.outputBias, gates)) : output;
}
