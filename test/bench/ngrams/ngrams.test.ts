import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NgramIndex } from '../../../sidecar/models/decoding/ngramIndex.ts';
import { choosesRight, fitWeights, natsOf, recordToken } from './cacheModel.ts';
import { countEvaluations } from './drafts.ts';

describe('countEvaluations', () => {
  it('counts one evaluation per token if nothing repeats', () => {
    assert.deepEqual(countEvaluations([1, 2, 3], [4, 5, 6, 7]), { evaluations: 4, tokens: 4, drafted: 0, accepted: 0 });
  });

  it('counts fewer if the text repeats the prompt, or other texts', () => {
    const repeated = [10, 11, 12, 13, 14, 15, 16, 17];
    const alone = countEvaluations([1, 2], repeated);
    const fromPrompt = countEvaluations([...repeated, 1, 2], repeated);
    const fromOthers = countEvaluations([1, 2], repeated, new NgramIndex([repeated]));
    assert.equal(alone.evaluations, 8);
    assert.ok(fromPrompt.evaluations < alone.evaluations);
    assert.ok(fromOthers.evaluations < alone.evaluations);
    for (const { tokens, evaluations, accepted } of [alone, fromPrompt, fromOthers])
      assert.equal(tokens, evaluations + accepted);
    assert.equal(fromPrompt.tokens, repeated.length);
  });
});

describe('the cache language model', () => {
  const index = new NgramIndex([[1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 4]]);
  const logits = Float32Array.from([0, 0, 0, 0, Math.log(6)]);

  it('has the shares of the continuations of the longest match', () => {
    const record = recordToken(logits, index, [9, 1, 2], 3);
    assert.equal(record.matched, 2);
    assert.ok(Math.abs(record.share - 2 / 3) < 1e-9);
    assert.ok(Math.abs(record.probability - 0.1) < 1e-6);
    assert.equal(record.isRight, false);
  });

  it('chooses the token that network and index together find likeliest', () => {
    const record = recordToken(logits, index, [9, 1, 2], 3);
    assert.equal(choosesRight(record), false);
    assert.equal(choosesRight(record, [0.1, 0, 0, 0, 0, 0]), false);
    assert.equal(choosesRight(record, [0.9, 0, 0, 0, 0, 0]), true);
    assert.ok(natsOf(record, [0.9, 0, 0, 0, 0, 0]) < natsOf(record));
  });

  it('fits its weights to the helpful lengths', () => {
    const right = recordToken(logits, index, [9, 1, 2], 3);
    const wrong = recordToken(logits, index, [9, 1, 2], 0);
    assert.ok((fitWeights([right, right])[0] ?? 0) > 0.95);
    assert.ok((fitWeights([wrong, wrong])[0] ?? 1) < 0.05);
  });
});
