/** Shared parts of architectures with recurrent blocks: reading sizes, listing weights, building the block's mixer. */
import { gatedDeltaNet } from '../../../kernels/blocks/gatedDeltaNet.ts';
import type { StateStep } from '../../../kernels/blocks/blockState.ts';
import { mamba2 } from '../../../kernels/blocks/mamba2.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { BlockContext, Hyperparameters, RecurrentSizes, WeightSpec } from './architecture.ts';
import type { Metadata } from './metadata.ts';
import { matrix, vector } from './parts.ts';

/** Reads the sizes of recurrent blocks. Throws `TroubleError` if they do not fit together, or if no block attends. */
export function readRecurrent(metadata: Metadata, blocks: readonly boolean[]): RecurrentSizes {
  const inner = metadata.count('ssm.inner_size');
  const heads = metadata.count('ssm.time_step_rank', { maximum: inner });
  const groups = metadata.count('ssm.group_count', { maximum: heads });
  const stateSize = metadata.count('ssm.state_size', { maximum: 1 << 16 });
  for (const [key, parts, whole, of] of [
    ['inner_size', heads, inner, 'heads'],
    ['time_step_rank', groups, heads, 'groups'],
  ] as const)
    if (whole % parts !== 0)
      throw new TroubleError(
        'invalid-model',
        `${metadata.header.path}: ${metadata.architecture}.ssm.${key} is ${whole}, expected a multiple of its ${parts} ${of}.`,
      );
  if (blocks.every((isRecurrent) => isRecurrent))
    throw new TroubleError(
      'unsupported-model',
      `${metadata.header.path}: none of its ${blocks.length} blocks attends, but this engine runs only models with attention.`,
    );
  return {
    blocks,
    convolutionTokens: metadata.count('ssm.conv_kernel', { minimum: 2, maximum: 64 }),
    channels: inner + 2 * groups * stateSize,
    stateSize,
    headSize: inner / heads,
    heads,
    groups,
  };
}

const sizesOf = ({ recurrent }: Hyperparameters): RecurrentSizes => recurrent as RecurrentSizes;

/** `optionalBias`: whether the convolution may have a bias. */
function convolutionWeights(
  { convolutionTokens, channels }: RecurrentSizes,
  name: string,
  { optionalBias }: { optionalBias: boolean },
): WeightSpec[] {
  return [
    { name: `${name}.ssm_conv1d.weight`, extents: [convolutionTokens, channels], use: 'vector' },
    ...(optionalBias
      ? [{ name: `${name}.ssm_conv1d.bias`, extents: [channels], optional: true, use: 'vector' } as const]
      : []),
  ];
}

/** The weights of `buildMamba2`. */
export function mamba2Weights(hyperparameters: Hyperparameters, name: string): WeightSpec[] {
  const { width } = hyperparameters;
  const sizes = sizesOf(hyperparameters);
  const { heads, headSize, groups, channels } = sizes;
  const inner = heads * headSize;
  return [
    ...matrix(`${name}.ssm_in`, width, inner + channels + heads),
    ...convolutionWeights(sizes, name, { optionalBias: true }),
    { name: `${name}.ssm_dt.bias`, extents: [heads], use: 'vector' },
    { name: `${name}.ssm_a`, extents: [1, heads], use: 'vector' },
    { name: `${name}.ssm_d`, extents: [1, heads], use: 'vector' },
    { name: `${name}.ssm_norm.weight`, extents: [inner / groups, groups], use: 'vector' },
    ...matrix(`${name}.ssm_out`, inner, width),
  ];
}

/** The mixer of Mamba-2: `x[width, tokens] → [width, tokens]`. */
export function buildMamba2(context: BlockContext) {
  const { graph, weights, hyperparameters, block } = context;
  const name = `blk.${block}`;
  const parts = {
    input: weights.linear(`${name}.ssm_in`),
    convolution: weights.convolution(`${name}.ssm_conv1d`),
    stepBias: weights.tensor(`${name}.ssm_dt.bias`),
    decay: weights.tensor(`${name}.ssm_a`),
    skip: weights.tensor(`${name}.ssm_d`),
    norm: weights.norm(`${name}.ssm_norm`),
    output: weights.linear(`${name}.ssm_out`),
  };
  const options = { ...sizesOf(hyperparameters), norm: hyperparameters.norm };
  return (x: Tensor): Tensor => mamba2(graph, x, parts, stateOf(context), options);
}

/** The weights of `buildDeltaNet`. */
export function deltaNetWeights(hyperparameters: Hyperparameters, name: string): WeightSpec[] {
  const { width } = hyperparameters;
  const sizes = sizesOf(hyperparameters);
  const { heads, headSize, channels } = sizes;
  return [
    ...matrix(`${name}.attn_qkv`, width, channels),
    ...matrix(`${name}.attn_gate`, width, heads * headSize),
    ...convolutionWeights(sizes, name, { optionalBias: false }),
    { name: `${name}.ssm_dt.bias`, extents: [heads], use: 'vector' },
    { name: `${name}.ssm_a`, extents: [heads], use: 'vector' },
    ...matrix(`${name}.ssm_beta`, width, heads),
    ...matrix(`${name}.ssm_alpha`, width, heads),
    ...vector(`${name}.ssm_norm`, headSize),
    ...matrix(`${name}.ssm_out`, heads * headSize, width),
  ];
}

/** The gated DeltaNet: `x[width, tokens] → [width, tokens]`. */
export function buildDeltaNet(context: BlockContext) {
  const { graph, weights, hyperparameters, block } = context;
  const name = `blk.${block}`;
  const parts = {
    input: weights.linear(`${name}.attn_qkv`),
    convolution: weights.convolution(`${name}.ssm_conv1d`),
    rate: weights.linear(`${name}.ssm_beta`),
    step: weights.linear(`${name}.ssm_alpha`),
    stepBias: weights.tensor(`${name}.ssm_dt.bias`),
    decay: weights.tensor(`${name}.ssm_a`),
    gate: weights.linear(`${name}.attn_gate`),
    norm: weights.norm(`${name}.ssm_norm`),
    output: weights.linear(`${name}.ssm_out`),
  };
  const { heads, headSize, groups } = sizesOf(hyperparameters);
  const options = { heads, headSize, keyHeads: groups, norm: hyperparameters.norm };
  return (x: Tensor): Tensor => gatedDeltaNet(graph, x, parts, stateOf(context), options);
}

function stateOf({ state, block }: BlockContext): StateStep {
  if (!state) throw new Error(`Block ${block} is recurrent, but it got no state.`);
  return state;
}
