import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { isRecurrent } from '../../../../sidecar/models/architectures/architecture.ts';
import { Metadata } from '../../../../sidecar/models/architectures/metadata.ts';
import { qwen35 } from '../../../../sidecar/models/architectures/qwen35.ts';
import { qwen35moe } from '../../../../sidecar/models/architectures/qwen35moe.ts';
import type { GgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { itRefuses, readerOf } from '../../../reference/architectureKeys.ts';

/** Values of Qwen 3.5 9B. */
const keys = {
  context_length: 262_144,
  block_count: 32,
  embedding_length: 4_096,
  feed_forward_length: 12_288,
  'attention.head_count': 16,
  'attention.head_count_kv': 4,
  'attention.key_length': 256,
  'attention.value_length': 256,
  'attention.layer_norm_rms_epsilon': 1e-6,
  'rope.dimension_count': 64,
  'rope.dimension_sections': [11, 11, 10, 0],
  'rope.freq_base': 10_000_000,
  'ssm.conv_kernel': 4,
  'ssm.state_size': 128,
  'ssm.group_count': 16,
  'ssm.inner_size': 4_096,
  'ssm.time_step_rank': 32,
};
const read = readerOf(qwen35, keys);
const blocksOf = (changes: Parameters<typeof read>[0] = {}): boolean[] => {
  const hyperparameters = read(changes);
  return Array.from({ length: hyperparameters.blockCount }, (_, block) => isRecurrent(hyperparameters, block));
};

describe('qwen35', () => {
  it('attends in every fourth block, or where the file says so', () => {
    assert.deepEqual(blocksOf().slice(0, 8), [true, true, true, false, true, true, true, false]);
    assert.deepEqual(blocksOf({ full_attention_interval: 2 }).slice(0, 4), [true, false, true, false]);
    const listed = Array.from({ length: 32 }, (_, block) => block > 5);
    assert.deepEqual(blocksOf({ 'attention.recurrent_layers': listed }), listed);
  });

  it('does not run blocks that predict further tokens', () => {
    assert.equal(read({ block_count: 33, nextn_predict_layers: 1 }).blockCount, 32);
  });

  itRefuses(read, [
    ['without a state', 'invalid-model', { 'ssm.inner_size': undefined }, /qwen35\.ssm\.inner_size is missing/],
    [
      'whose state is not square',
      'invalid-model',
      { 'ssm.state_size': 64 },
      /ssm\.state_size is 64, expected the 128 elements of a head/,
    ],
    [
      'in which no block attends',
      'unsupported-model',
      { full_attention_interval: 64 },
      /none of its 32 blocks attends/,
    ],
    [
      'without the axes of rotated pairs',
      'invalid-model',
      { 'rope.dimension_sections': undefined },
      /rope\.dimension_sections is missing/,
    ],
    [
      'with fewer axes than four',
      'invalid-model',
      { 'rope.dimension_sections': [16, 16] },
      /rope\.dimension_sections is \[16,16\], expected 4 whole numbers/,
    ],
    [
      'with no rotated pairs in any axis',
      'invalid-model',
      { 'rope.dimension_sections': [0, 0, 0, 0] },
      /rope\.dimension_sections is \[0, 0, 0, 0\], expected numbers of pairs/,
    ],
    [
      'with a rotated pair outside all axes',
      'unsupported-model',
      { 'rope.dimension_sections': [8, 8, 8, 8] },
      /rope\.dimension_sections is \[8, 8, 8, 8\], which does not cover the 32 rotated pairs/,
    ],
  ]);
});

/** Values of Qwen 3.5 35B-A3B. */
const readMixture = readerOf(qwen35moe, {
  ...keys,
  block_count: 40,
  embedding_length: 2_048,
  feed_forward_length: undefined,
  'attention.head_count_kv': 2,
  expert_count: 256,
  expert_used_count: 8,
  expert_feed_forward_length: 512,
  expert_shared_feed_forward_length: 512,
});

describe('qwen35moe', () => {
  it('has experts, and one for every token', () => {
    assert.deepEqual(readMixture().mixture, { experts: 256, expertsUsed: 8, expertWidth: 512, sharedWidth: 512 });
  });

  it('leaves files that join two matrices of an expert to llama.cpp', () => {
    const tensors = [{ name: 'blk.0.ffn_gate_up_exps.weight' }];
    const header = { path: 'model.gguf', metadata: new Map([['general.architecture', 'qwen35moe']]), tensors };
    assert.throws(
      () => qwen35moe.readHyperparameters(new Metadata(header as unknown as GgufHeader)),
      (error: TroubleError) =>
        error.code === 'unsupported-model' &&
        error.message.includes('blk.0.ffn_gate_up_exps.weight joins two matrices'),
    );
  });

  itRefuses(readMixture, [
    ['without experts', 'invalid-model', { expert_count: undefined }, /qwen35moe\.expert_count is missing/],
    [
      'without the width of the expert of every token',
      'invalid-model',
      { expert_shared_feed_forward_length: undefined },
      /expert_shared_feed_forward_length is missing/,
    ],
  ]);
});
