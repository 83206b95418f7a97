import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';
import { count, describeShapes, experts, window, type Shape } from '../../../../reference/shapeParity.ts';

const float = (value: number): GgufEntry => ({ type: 'f32', value });
const text = (value: string): GgufEntry => ({ type: 'string', value });
const flag = (value: boolean): GgufEntry => ({ type: 'bool', value });
/** GLM rotates half of a head. */
const glm = (all: number, used: number): Record<string, GgufEntry> => ({
  ...experts(all, used, 24),
  'rope.dimension_count': count(8),
});
const oss = (windowTokens: number, fullEvery?: number): Record<string, GgufEntry> => ({
  ...experts(5, 2, 24),
  ...window(windowTokens, fullEvery),
});

/** Sizes of states: `kvHeads` by block, 0 where a block keeps a state. */
const states = (heads: number, groups: number, stateSize: number, inner: number): Record<string, GgufEntry> => ({
  'ssm.time_step_rank': count(heads),
  'ssm.group_count': count(groups),
  'ssm.state_size': count(stateSize),
  'ssm.inner_size': count(inner),
});
const kvHeads = (...value: readonly number[]): Record<string, GgufEntry> => ({
  'attention.head_count_kv': { type: 'i32s', value },
});

const shapes: Readonly<Record<string, Shape>> = {
  'granite of one layer, groups of five': { variant: 'granite', blocks: 1, heads: 5, kvHeads: 1 },
  'granite without biases, tied': {
    variant: 'granite',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    isTied: true,
    omit: ['.bias'],
  },
  'granite with factors of its frequencies': {
    variant: 'granite',
    blocks: 2,
    heads: 3,
    kvHeads: 3,
    hasFrequencyFactors: true,
  },
  'granite without factors of embeddings, attention and residuals': {
    variant: 'granite',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { embedding_scale: float(0), residual_scale: float(0), 'attention.scale': float(0) },
  },
  'mistral3 of one layer, groups of five': { variant: 'mistral3', blocks: 1, heads: 5, kvHeads: 1 },
  'mistral3, heads wider than the network, tied': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    width: 64,
    headSize: 32,
    isTied: true,
    omit: ['.bias'],
  },
  'mistral3, queries that grow at each odd number of tokens': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.original_context_length': count(7), 'attention.temperature_scale': float(0.5) },
  },
  'mistral3, queries that do not grow': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'attention.temperature_scale': float(0) },
  },
  'mistral3 with half the multiplier of YaRN': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.yarn_log_multiplier': float(0.5) },
  },
  'mistral3 without the multiplier of YaRN': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.yarn_log_multiplier': float(0) },
  },
  'mistral3 without YaRN': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { 'rope.scaling.type': text('none') },
  },
  'mistral3 with two of three experts': {
    variant: 'mistral3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: experts(3, 2),
  },
  'glm4moe of one dense layer, groups of five': {
    variant: 'glm4moe',
    blocks: 1,
    heads: 5,
    kvHeads: 1,
    keys: glm(5, 1),
  },
  'glm4moe, experts in each layer, all of seven': {
    variant: 'glm4moe',
    blocks: 2,
    heads: 7,
    kvHeads: 1,
    keys: { ...glm(7, 7), leading_dense_block_count: count(0) },
  },
  'glm4moe without norms of heads and without biases, tied': {
    variant: 'glm4moe',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: glm(5, 2),
    isTied: true,
    omit: ['attn_q_norm.weight', 'attn_k_norm.weight', 'attn_q.bias', 'attn_k.bias', 'attn_v.bias'],
  },
  'glm4moe, two experts of every token, gates that keep their sum and factor': {
    variant: 'glm4moe',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: {
      ...glm(5, 2),
      expert_shared_count: count(2),
      expert_weights_norm: flag(false),
      expert_weights_scale: float(0),
    },
  },
  'glm4moe, experts scored by softmax': {
    variant: 'glm4moe',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { ...glm(5, 2), expert_gating_func: count(1) },
  },
  'glm4moe without the tensors of a block that predicts': {
    variant: 'glm4moe',
    blocks: 3,
    heads: 3,
    kvHeads: 1,
    keys: { ...glm(5, 2), nextn_predict_layers: count(1) },
  },
  'glm4moe with sections of its rope': {
    variant: 'glm4moe',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { ...glm(5, 2), 'rope.dimension_sections': { type: 'i32s', value: [1, 1, 2, 0] } },
  },
  'granitehybrid, three groups of one head, a state of 16 values, rope': {
    variant: 'granitehybrid',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    width: 48,
    keys: { ...states(3, 3, 16, 96), ...kvHeads(0, 1), 'rope.scaling.finetuned': flag(true) },
  },
  'granitehybrid whose last block keeps a state, a convolution of two tokens, no factors, tied': {
    variant: 'granitehybrid',
    blocks: 3,
    heads: 3,
    kvHeads: 1,
    width: 48,
    keys: {
      ...states(6, 2, 32, 96),
      ...kvHeads(0, 1, 0),
      'ssm.conv_kernel': count(2),
      logit_scale: float(0),
      embedding_scale: float(0),
      residual_scale: float(0),
      'attention.scale': float(0),
    },
    isTied: true,
    omit: [
      'attn_q.bias',
      'attn_k.bias',
      'attn_v.bias',
      'attn_output.bias',
      'ffn_gate.bias',
      'ffn_up.bias',
      'ffn_down.bias',
    ],
  },
  'granitehybrid with experts alone': {
    variant: 'granitehybrid',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    width: 48,
    keys: { ...states(2, 1, 16, 96), ...kvHeads(0, 1), ...experts(5, 2) },
  },
  'qwen35, six heads of three keys, the last block keeps a state': {
    variant: 'qwen35',
    blocks: 3,
    heads: 3,
    kvHeads: 1,
    keys: {
      ...states(6, 3, 16, 96),
      'rope.dimension_count': count(8),
      'rope.dimension_sections': { type: 'i32s', value: [2, 1, 1, 0] },
    },
  },
  'qwen35, groups of five, tied': {
    variant: 'qwen35',
    blocks: 2,
    heads: 5,
    kvHeads: 1,
    keys: {
      ...states(2, 1, 32, 64),
      'rope.dimension_count': count(16),
      'rope.dimension_sections': { type: 'i32s', value: [3, 3, 2, 0] },
    },
    isTied: true,
  },
  'gpt-oss of one layer, which slides, groups of five': {
    variant: 'gpt-oss',
    blocks: 1,
    heads: 5,
    kvHeads: 1,
    keys: oss(24),
  },
  'gpt-oss, heads wider than the network, biases of the output alone': {
    variant: 'gpt-oss',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    width: 64,
    headSize: 32,
    keys: { ...oss(24), 'rope.dimension_count': count(32) },
    omit: ['attn_q.bias', 'attn_k.bias', 'attn_v.bias'],
  },
  'gpt-oss, two of three layers slide': { variant: 'gpt-oss', blocks: 3, heads: 6, kvHeads: 2, keys: oss(24, 3) },
  'gpt-oss, all slide by its pattern': { variant: 'gpt-oss', blocks: 2, heads: 3, kvHeads: 3, keys: oss(24, 0) },
  'gpt-oss, a window of one token': { variant: 'gpt-oss', blocks: 2, heads: 3, kvHeads: 1, keys: oss(1) },
  'gpt-oss, one of five experts, another base for sliding layers': {
    variant: 'gpt-oss',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { ...oss(24), ...experts(5, 1, 24), 'rope.freq_base_swa': float(500) },
  },
};

describeShapes('newer models of unusual shapes', shapes);
