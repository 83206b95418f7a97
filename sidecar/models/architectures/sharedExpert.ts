/** The expert that every token of a mixture uses. */
import { linear } from '../../../kernels/blocks/linear.ts';
import { add, mul, sigmoid } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { BlockContext, Hyperparameters, WeightSpec } from './architecture.ts';
import type { Metadata } from './metadata.ts';
import { buildFeedForward, buildMixture, matrix, vector } from './parts.ts';

/** llama.cpp's converter can join the gate and up matrices of experts. Throws `TroubleError` 'unsupported-model'. */
export function refuseJoinedExperts({ header: { path, tensors } }: Metadata): void {
  const joined = tensors.find(({ name }) => name.endsWith('.ffn_gate_up_exps.weight'));
  if (joined)
    throw new TroubleError(
      'unsupported-model',
      `${path}: the tensor ${joined.name} joins two matrices, which this engine expects apart.`,
    );
}

/** `isGated`: whether a gate of its own scales the expert. */
export function sharedExpertWeights(
  { width, mixture }: Hyperparameters,
  block: string,
  { isGated = false } = {},
): WeightSpec[] {
  const sharedWidth = mixture?.sharedWidth;
  if (sharedWidth === undefined) return [];
  return [
    ...(isGated ? vector(`${block}.ffn_gate_inp_shexp`, width) : []),
    ...matrix(`${block}.ffn_gate_shexp`, width, sharedWidth),
    ...matrix(`${block}.ffn_up_shexp`, width, sharedWidth),
    ...matrix(`${block}.ffn_down_shexp`, sharedWidth, width),
  ];
}

/** The mixture of experts, added to the expert of every token. `preciseF32`: as in `LinearWeights`, of that expert. */
export function buildSharedMixture(context: BlockContext, options: { isGated?: boolean; preciseF32?: boolean } = {}) {
  const { graph, weights, block } = context;
  const mixture = buildMixture(context);
  const shared = buildFeedForward(context, 'silu', { ending: '_shexp', preciseF32: options.preciseF32 });
  const gated = (x: Tensor): Tensor => {
    const gate = linear(graph, x, weights.linear(`blk.${block}.ffn_gate_inp_shexp`));
    return mul(graph, shared(x), sigmoid(graph, gate));
  };
  return (x: Tensor): Tensor => add(graph, mixture(x), options.isGated ? gated(x) : shared(x));
}
