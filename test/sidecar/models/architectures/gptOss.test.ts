import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSliding, ropeOf } from '../../../../sidecar/models/architectures/architecture.ts';
import { gptOss } from '../../../../sidecar/models/architectures/gptOss.ts';
import { itRefuses, readerOf } from '../../../reference/architectureKeys.ts';

/** Values of gpt-oss 20B. */
const read = readerOf(gptOss, {
  context_length: 131_072,
  block_count: 24,
  embedding_length: 2_880,
  feed_forward_length: 2_880,
  'attention.head_count': 64,
  'attention.head_count_kv': 8,
  'attention.key_length': 64,
  'attention.value_length': 64,
  'attention.layer_norm_rms_epsilon': 1e-5,
  'attention.sliding_window': 128,
  'rope.freq_base': 150_000,
  'rope.scaling.type': 'yarn',
  'rope.scaling.factor': 32,
  'rope.scaling.original_context_length': 4_096,
  expert_count: 32,
  expert_used_count: 4,
  expert_feed_forward_length: 2_880,
});

describe('gpt-oss', () => {
  it('lets every second layer attend everything, from the second on', () => {
    const hyperparameters = read();
    assert.deepEqual(
      [0, 1, 2, 3].map((block) => isSliding(hyperparameters, block)),
      [true, false, true, false],
    );
  });

  it('has the same rope in all layers, unless its file names another base', () => {
    assert.deepEqual(ropeOf(read(), 0), ropeOf(read(), 1));
    assert.equal(ropeOf(read({ 'rope.freq_base_swa': 10_000 }), 0).base, 10_000);
  });

  itRefuses(read, [
    ['without a width', 'invalid-model', { embedding_length: undefined }, /gpt-oss\.embedding_length is missing/],
    ['without experts', 'invalid-model', { expert_count: undefined }, /gpt-oss\.expert_count is missing/],
    [
      'without the width of experts',
      'invalid-model',
      { expert_feed_forward_length: undefined },
      /gpt-oss\.expert_feed_forward_length is missing/,
    ],
    [
      'without a window',
      'invalid-model',
      { 'attention.sliding_window': undefined },
      /gpt-oss\.attention\.sliding_window is missing/,
    ],
    [
      'that rotates a part of its heads',
      'invalid-model',
      { 'rope.dimension_count': 32 },
      /gpt-oss\.rope\.dimension_count is 32, expected the 64 elements of a head/,
    ],
  ]);
});
