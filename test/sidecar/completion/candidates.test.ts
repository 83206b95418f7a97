import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDistinct, samplingOf } from '../../../sidecar/completion/candidates.ts';

test('the first candidate is the likeliest, and the others are sampled with fixed seeds', () => {
  assert.equal(samplingOf(0).temperature, 0);
  assert.notDeepEqual(samplingOf(1), samplingOf(2));
  assert.deepEqual(samplingOf(1), samplingOf(1));
});

test('candidates that differ only in white space are the same', () => {
  const candidates: string[] = [];
  assert.equal(addDistinct(candidates, 'f(a, b)'), true);
  assert.equal(addDistinct(candidates, 'f(a,b)'), false);
  assert.equal(addDistinct(candidates, 'f(a, c)'), true);
  assert.deepEqual(candidates, ['f(a, b)', 'f(a, c)']);
});
