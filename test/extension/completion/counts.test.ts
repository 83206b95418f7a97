import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { acceptedShare, addCounts, NO_COUNTS, survivedShare } from '../../../extension/completion/counts.ts';

describe('counts of ghost text', () => {
  it('add up', () => {
    const counts = addCounts(addCounts(undefined, { shown: 3, accepted: 1, acceptedCharacters: 20 }), {
      shown: 1,
      acceptedPartly: 1,
      acceptedCharacters: 5,
    });
    assert.deepEqual(counts, { ...NO_COUNTS, shown: 4, accepted: 1, acceptedPartly: 1, acceptedCharacters: 25 });
    assert.equal(acceptedShare(counts), 0.5);
  });

  it('start at 0 if the stored values are damaged', () => {
    const damaged = { shown: 'many', accepted: Number.NaN } as unknown as Partial<typeof NO_COUNTS>;
    assert.deepEqual(addCounts(damaged, { shown: 1 }), { ...NO_COUNTS, shown: 1 });
  });

  it('have no share before the first completion', () => {
    assert.equal(acceptedShare(NO_COUNTS), undefined);
    assert.equal(survivedShare(NO_COUNTS), undefined);
    assert.equal(survivedShare({ ...NO_COUNTS, revisited: 2, survivedShares: 1.5 }), 0.75);
  });
});
