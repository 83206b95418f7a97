import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isRecurrent, stateBytes } from '../../../../sidecar/models/architectures/architecture.ts';
import { graniteHybrid } from '../../../../sidecar/models/architectures/graniteHybrid.ts';
import { itRefuses, readerOf } from '../../../reference/architectureKeys.ts';

const ATTENDING = [5, 15, 25, 35];

/** Values of Granite 4.0 H Tiny. */
const read = readerOf(graniteHybrid, {
  context_length: 1_048_576,
  block_count: 40,
  embedding_length: 1_536,
  feed_forward_length: 512,
  'attention.head_count': 12,
  'attention.head_count_kv': Array.from({ length: 40 }, (_, block) => (ATTENDING.includes(block) ? 4 : 0)),
  'attention.layer_norm_rms_epsilon': 1e-5,
  'attention.scale': 0.0078125,
  'rope.scaling.finetuned': false,
  'rope.freq_base': 10_000,
  embedding_scale: 12,
  residual_scale: 0.22,
  logit_scale: 6,
  expert_count: 64,
  expert_used_count: 6,
  expert_shared_feed_forward_length: 1_024,
  'ssm.conv_kernel': 4,
  'ssm.state_size': 128,
  'ssm.group_count': 1,
  'ssm.inner_size': 3_072,
  'ssm.time_step_rank': 48,
});

describe('granitehybrid', () => {
  it('keeps a state in the blocks without key-value heads', () => {
    const hyperparameters = read();
    const attending = Array.from({ length: 40 }, (_, block) => block).filter(
      (block) => !isRecurrent(hyperparameters, block),
    );
    assert.deepEqual(attending, ATTENDING);
    assert.equal(hyperparameters.kvHeads, 4);
    assert.deepEqual([hyperparameters.recurrent?.headSize, hyperparameters.recurrent?.channels], [64, 3_328]);
  });

  it('keeps as many bytes of state as its 36 blocks have values', () => {
    assert.equal(stateBytes(read()), 36 * 4 * (3 * 3_328 + 128 * 3_072));
  });

  it('rotates queries and keys only where the file says so', () => {
    assert.equal(read().isUnrotated, true);
    assert.equal(read({ 'rope.scaling.finetuned': undefined }).isUnrotated, false);
  });

  it('is dense without experts', () => {
    assert.equal(read({ expert_count: undefined }).mixture, undefined);
    assert.deepEqual(read().mixture, { experts: 64, expertsUsed: 6, expertWidth: 512, sharedWidth: 1_024 });
    assert.equal(read({ expert_shared_feed_forward_length: 0 }).mixture?.sharedWidth, undefined);
  });

  for (const value of [undefined, 0])
    it(`has no factors where they are ${value ?? 'absent'}`, () => {
      const { logitScale, embeddingScale, attentionScale, residualScale } = read({
        logit_scale: value,
        embedding_scale: value,
        residual_scale: value,
        'attention.scale': value,
      });
      assert.deepEqual([logitScale, embeddingScale, attentionScale, residualScale], [1, 1, undefined, 1]);
    });

  itRefuses(read, [
    [
      'without key-value heads',
      'invalid-model',
      { 'attention.head_count_kv': undefined },
      /granitehybrid\.attention\.head_count_kv is missing/,
    ],
    [
      'with fewer key-value heads than blocks',
      'invalid-model',
      { 'attention.head_count_kv': [0, 4] },
      /attention\.head_count_kv is \[0,4\], expected 40 whole numbers/,
    ],
    [
      'with several numbers of key-value heads',
      'unsupported-model',
      { 'attention.head_count_kv': Array.from({ length: 40 }, (_, block) => block % 3) },
      /attention\.head_count_kv has several numbers besides 0/,
    ],
    [
      'in which no block attends',
      'unsupported-model',
      { 'attention.head_count_kv': 0 },
      /none of its 40 blocks attends/,
    ],
    ['without a convolution', 'invalid-model', { 'ssm.conv_kernel': undefined }, /ssm\.conv_kernel is missing/],
    [
      'without a state',
      'invalid-model',
      { 'ssm.state_size': 0 },
      /ssm\.state_size is 0, expected a whole number from 1/,
    ],
    [
      'with a state of another width',
      'invalid-model',
      { 'ssm.inner_size': 1_536 },
      /ssm\.inner_size is 1536, expected twice the width of 1536/,
    ],
    [
      'with heads that do not divide the state',
      'invalid-model',
      { 'ssm.time_step_rank': 50 },
      /ssm\.inner_size is 3072, expected a multiple of its 50 heads/,
    ],
    [
      'with groups that do not divide the heads',
      'invalid-model',
      { 'ssm.group_count': 5 },
      /ssm\.time_step_rank is 48, expected a multiple of its 5 groups/,
    ],
    [
      'with more experts used than there are',
      'invalid-model',
      { expert_used_count: 65 },
      /expert_used_count is 65, expected a whole number from 1 to 64/,
    ],
  ]);
});
