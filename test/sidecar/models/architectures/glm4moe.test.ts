import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasExperts } from '../../../../sidecar/models/architectures/architecture.ts';
import { glm4moe } from '../../../../sidecar/models/architectures/glm4moe.ts';
import { itRefuses, readerOf } from '../../../reference/architectureKeys.ts';

/** Values of GLM 4.5 Air. */
const read = readerOf(glm4moe, {
  context_length: 131_072,
  block_count: 47,
  embedding_length: 4_096,
  feed_forward_length: 10_944,
  'attention.head_count': 96,
  'attention.head_count_kv': 8,
  'attention.key_length': 128,
  'attention.value_length': 128,
  'attention.layer_norm_rms_epsilon': 1e-5,
  'rope.dimension_count': 64,
  'rope.freq_base': 1_000_000,
  expert_count: 128,
  expert_used_count: 8,
  expert_shared_count: 1,
  expert_feed_forward_length: 1_408,
  expert_gating_func: 2,
  expert_weights_norm: true,
  expert_weights_scale: 1,
  leading_dense_block_count: 1,
  nextn_predict_layers: 1,
});

describe('glm4moe', () => {
  it('does not run blocks that predict further tokens', () => {
    assert.equal(read().blockCount, 46);
    assert.equal(read({ nextn_predict_layers: undefined }).blockCount, 47);
  });

  it('has experts behind the first dense blocks', () => {
    const hyperparameters = read({ leading_dense_block_count: 3 });
    assert.deepEqual(
      [0, 1, 2, 3, 45].map((block) => hasExperts(hyperparameters, block)),
      [false, false, false, true, true],
    );
    assert.equal(hasExperts(read({ leading_dense_block_count: undefined }), 0), true);
  });

  it('joins the experts of every token', () => {
    assert.equal(read({ expert_shared_count: 2 }).mixture?.sharedWidth, 2 * 1_408);
  });

  for (const [value, score] of [
    [undefined, 'sigmoid'],
    [0, 'sigmoid'],
    [1, 'softmax'],
    [2, 'sigmoid'],
  ] as const)
    it(`scores experts by ${score} if the function is ${value ?? 'absent'}`, () => {
      assert.equal(read({ expert_gating_func: value }).mixture?.score, score);
    });

  itRefuses(read, [
    ['without a width', 'invalid-model', { embedding_length: undefined }, /glm4moe\.embedding_length is missing/],
    ['without experts', 'invalid-model', { expert_count: undefined }, /glm4moe\.expert_count is missing/],
    [
      'that uses more experts than it has',
      'invalid-model',
      { expert_used_count: 129 },
      /glm4moe\.expert_used_count is 129/,
    ],
    [
      'without an expert of every token',
      'invalid-model',
      { expert_shared_count: 0 },
      /glm4moe\.expert_shared_count is 0/,
    ],
    [
      'of blocks that all predict further tokens',
      'invalid-model',
      { nextn_predict_layers: 47 },
      /glm4moe\.nextn_predict_layers is 47/,
    ],
    [
      'with a score of experts that is not known',
      'unsupported-model',
      { expert_gating_func: 4 },
      /glm4moe\.expert_gating_func is 4/,
    ],
    ['with groups of experts', 'unsupported-model', { expert_group_count: 8 }, /glm4moe\.expert_group_count is 8/],
  ]);
});
