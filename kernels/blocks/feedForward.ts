import type { Graph } from '../ggml/graph.ts';
import { geglu, gelu, swiglu } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { linear, type LinearWeights } from './linear.ts';

export interface FeedForwardWeights {
  /** Absent if the network has no gate (StarCoder2). */
  readonly gate?: LinearWeights;
  readonly up: LinearWeights;
  readonly down: LinearWeights;
}

export type Activation = 'silu' | 'gelu';

/**
 * A feed-forward network: `down(act(gate x) · up x)`, or `down(gelu(up x))` without a gate. `x[width, tokens]` keeps
 * its shape.
 */
export function feedForward(graph: Graph, x: Tensor, weights: FeedForwardWeights, activation: Activation): Tensor {
  const up = linear(graph, x, weights.up);
  if (!weights.gate) return linear(graph, gelu(graph, up), weights.down);
  const gate = linear(graph, x, weights.gate);
  return linear(graph, activation === 'silu' ? swiglu(graph, gate, up) : geglu(graph, gate, up), weights.down);
}
