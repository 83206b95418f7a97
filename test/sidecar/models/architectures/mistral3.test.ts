import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mistral3 } from '../../../../sidecar/models/architectures/mistral3.ts';
import { itRefuses, readerOf } from '../../../reference/architectureKeys.ts';

/** Values of Ministral 3 3B. */
const read = readerOf(mistral3, {
  context_length: 262_144,
  block_count: 26,
  embedding_length: 3_072,
  feed_forward_length: 9_216,
  'attention.head_count': 32,
  'attention.head_count_kv': 8,
  'attention.key_length': 128,
  'attention.value_length': 128,
  'attention.layer_norm_rms_epsilon': 1e-5,
  'attention.temperature_scale': 0.1,
  'rope.freq_base': 1_000_000,
  'rope.scaling.type': 'yarn',
  'rope.scaling.factor': 16,
  'rope.scaling.original_context_length': 16_384,
  'rope.scaling.yarn_log_multiplier': 1,
});

describe('mistral3', () => {
  it('lets queries grow with each length of the first training', () => {
    assert.deepEqual(read().temperature, { growth: 0.1, stepTokens: 16_384 });
  });

  it('takes the context for the length of the first training if that is absent', () => {
    const changes = { 'rope.scaling.type': 'none', 'rope.scaling.original_context_length': undefined };
    assert.equal(read(changes).temperature?.stepTokens, 262_144);
  });

  for (const growth of [undefined, 0])
    it(`has no temperature if the growth is ${growth ?? 'absent'}`, () => {
      assert.equal(read({ 'attention.temperature_scale': growth }).temperature, undefined);
    });

  it('takes back the factor by which YaRN lengthens queries and keys', () => {
    assert.equal(read().rope.attentionFactor, 1 / (1 + 0.1 * Math.log(16)));
  });

  it('has the factor of YaRN without a multiplier', () => {
    assert.equal(read({ 'rope.scaling.yarn_log_multiplier': undefined }).rope.attentionFactor, 1);
  });

  itRefuses(read, [
    ['without a width', 'invalid-model', { embedding_length: undefined }, /mistral3\.embedding_length is missing/],
    [
      'whose queries grow in steps of no token',
      'invalid-model',
      { 'rope.scaling.type': 'none', 'rope.scaling.original_context_length': 0 },
      /mistral3\.rope\.scaling\.original_context_length is 0/,
    ],
    [
      'with a growth that is text',
      'invalid-model',
      { 'attention.temperature_scale': 'hot' },
      /mistral3\.attention\.temperature_scale is "hot", expected a number/,
    ],
    [
      'with a scaling of rope that is not known',
      'unsupported-model',
      { 'rope.scaling.type': 'longrope' },
      /rope scaling of type "longrope"/,
    ],
  ]);
});
