import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { common, meanOf, pairedDifference } from './paired.ts';

describe('paired results', () => {
  it('have a mean and its standard error', () => {
    assert.deepEqual(meanOf([1, 2, 3, 4]), { count: 4, mean: 2.5, standardError: Math.sqrt(5 / 3 / 4) });
    assert.deepEqual(meanOf([]), { count: 0, mean: 0, standardError: 0 });
  });

  it('are compared one by one, so that what all find hard does not blur it', () => {
    assert.deepEqual(pairedDifference([1, 11, 101], [0, 10, 100]), { count: 3, mean: 1, standardError: 0 });
  });

  it('are those that both have', () => {
    assert.deepEqual(common(new Map([['a', 1], ['b', 2]]), new Map([['b', 3], ['c', 4]])), [[2, 3]]);
  });
});
