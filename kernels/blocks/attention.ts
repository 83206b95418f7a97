import type { Graph } from '../ggml/graph.ts';
import type { RopeOptions } from '../ggml/opAttributes.ts';
import { mul, reshape, sigmoid } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { attendCache } from './attendCache.ts';
import { countOf, mixExperts, repeatByKvHead, type AttentionExperts } from './attentionExperts.ts';
import type { AttentionInputs, LayerCache } from './attentionInputs.ts';
import { linear, type LinearWeights } from './linear.ts';
import type { NormOptions, NormWeights } from './norm.ts';
import { projectHeads, type TemperatureOptions } from './projectHeads.ts';

export interface AttentionWeights {
  readonly query: LinearWeights;
  readonly key: LinearWeights;
  readonly value: LinearWeights;
  readonly output: LinearWeights;
  /** Per-head norms, `[headSize]` (Qwen 3) or `[headSize, heads]` (Command-R+). */
  readonly queryNorm?: NormWeights;
  readonly keyNorm?: NormWeights;
  /** Low-rank experts that attend beside the model. Absent: the model alone attends. */
  readonly experts?: AttentionExperts;
}

export interface AttentionOptions {
  readonly headSize: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Absent if this layer has no rotary position embedding (NoPE). */
  readonly rope?: RopeOptions;
  readonly scale: number;
  /** Options of the per-head norms. */
  readonly headNorm?: NormOptions;
  readonly temperature?: TemperatureOptions;
  /** As `HeadOptions.isGated`. The sigmoid of the gate scales the attended values. */
  readonly isGated?: boolean;
  /** As `AttendOptions.sinks`. */
  readonly sinks?: Tensor;
}

/**
 * Grouped-query attention over the cache (arXiv 2305.13245). `x[width, tokens]` keeps its shape. Writes the tokens'
 * keys and values into the cache.
 */
export function attention(
  graph: Graph,
  x: Tensor,
  weights: AttentionWeights,
  cache: LayerCache,
  inputs: AttentionInputs,
  options: AttentionOptions,
): Tensor {
  const { headSize, kvHeads, sinks } = options;
  const { experts } = weights;
  const projected = projectHeads(graph, x, weights, inputs.positions, options);
  const attended = attendCache(graph, projected, cache, inputs, {
    headSize,
    kvHeads,
    scale: options.scale,
    rope: options.rope,
    sinks: sinks && experts ? repeatByKvHead(graph, sinks, countOf(experts), options) : sinks,
  });
  return attentionOutput(graph, attended, projected.gate, weights, options);
}

/** Joins the heads: `attended[headSize, heads, tokens] → [width, tokens]`. `gate` as in `Heads`. */
export function attentionOutput(
  graph: Graph,
  attended: Tensor,
  gate: Tensor | undefined,
  { output, experts }: Pick<AttentionWeights, 'output' | 'experts'>,
  options: AttentionOptions,
): Tensor {
  const [headSize, heads, tokens] = attended.shape;
  const joined = reshape(graph, attended, [headSize * heads, tokens]);
  const gated = gate ? mul(graph, joined, sigmoid(graph, gate)) : joined;
  if (!experts) return linear(graph, gated, output);
  return mixExperts(graph, reshape(graph, gated, [headSize, heads, tokens]), { output, experts }, options);
}
