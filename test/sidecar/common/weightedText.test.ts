import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { meanWeight } from '../../../sidecar/common/weightedText.ts';

describe('mean weight of a range', () => {
  const parts = [
    { start: 10, end: 20, weight: 5 },
    { start: 30, end: 40, weight: 0.5 },
  ];

  it('is that of a part inside the part, and 1 outside of all parts', () => {
    assert.equal(meanWeight(parts, 12, 18), 5);
    assert.equal(meanWeight(parts, 20, 30), 1);
    assert.equal(meanWeight([], 0, 30), 1);
  });

  it('counts each unit of a range', () => {
    assert.equal(meanWeight(parts, 0, 20), 3);
    assert.equal(meanWeight(parts, 15, 35), (5 * 5 + 10 + 5 * 0.5) / 20);
  });

  it('is 1 for an empty range', () => assert.equal(meanWeight(parts, 15, 15), 1));
});
