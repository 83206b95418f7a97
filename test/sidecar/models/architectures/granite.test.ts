import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { granite } from '../../../../sidecar/models/architectures/granite.ts';
import { itRefuses, readerOf } from '../../../reference/architectureKeys.ts';

/** Values of Granite 3.3 2B. */
const read = readerOf(granite, {
  context_length: 131_072,
  block_count: 40,
  embedding_length: 2_048,
  feed_forward_length: 8_192,
  'attention.head_count': 32,
  'attention.head_count_kv': 8,
  'attention.layer_norm_rms_epsilon': 1e-5,
  'attention.scale': 0.015625,
  embedding_scale: 12,
  residual_scale: 0.22,
  logit_scale: 8,
  'rope.freq_base': 10_000_000,
});

describe('granite', () => {
  it('divides logits, and multiplies embeddings, attention and residuals', () => {
    const { logitScale, embeddingScale, attentionScale, residualScale } = read();
    assert.deepEqual([logitScale, embeddingScale, attentionScale, residualScale], [1 / 8, 12, 0.015625, 0.22]);
  });

  for (const value of [undefined, 0])
    it(`has no factor of embeddings, attention and residuals where it is ${value ?? 'absent'}`, () => {
      const { embeddingScale, attentionScale, residualScale } = read({
        embedding_scale: value,
        residual_scale: value,
        'attention.scale': value,
      });
      assert.deepEqual([embeddingScale, attentionScale, residualScale], [1, undefined, 1]);
    });

  itRefuses(read, [
    ['without a width', 'invalid-model', { embedding_length: undefined }, /granite\.embedding_length is missing/],
    ['without a divisor of the logits', 'invalid-model', { logit_scale: undefined }, /granite\.logit_scale is missing/],
    ['whose logits are divided by 0', 'invalid-model', { logit_scale: 0 }, /granite\.logit_scale is 0/],
    [
      'with a factor of embeddings that is text',
      'invalid-model',
      { embedding_scale: 'twelve' },
      /granite\.embedding_scale is "twelve", expected a number/,
    ],
    [
      'with a number instead of a switch of rope',
      'invalid-model',
      { 'rope.scaling.finetuned': 1 },
      /granite\.rope\.scaling\.finetuned is 1, expected true or false/,
    ],
    ['with experts', 'unsupported-model', { expert_count: 32 }, /granite\.expert_count is 32/],
    [
      'without rope',
      'unsupported-model',
      { 'rope.scaling.finetuned': false },
      /granite\.rope\.scaling\.finetuned is false/,
    ],
  ]);
});
