import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { common, meanOf, pairedDifference, ratioOfSums } from './paired.ts';

describe('paired results', () => {
  it('have a mean and its standard error', () => {
    assert.deepEqual(meanOf([1, 2, 3, 4]), { count: 4, mean: 2.5, standardError: Math.sqrt(5 / 3 / 4) });
    assert.deepEqual(meanOf([]), { count: 0, mean: 0, standardError: 0 });
  });

  it('are compared one by one, so that what all find hard does not blur it', () => {
    assert.deepEqual(pairedDifference([1, 11, 101], [0, 10, 100]), { count: 3, mean: 1, standardError: 0 });
  });

  it('are those that both have', () => {
    assert.deepEqual(
      common(
        new Map([
          ['a', 1],
          ['b', 2],
        ]),
        new Map([
          ['b', 3],
          ['c', 4],
        ]),
      ),
      [[2, 3]],
    );
  });

  it('are compared as sums where things differ in size, and the error is none where all differ by the same share', () => {
    assert.deepEqual(ratioOfSums([15, 150], [10, 100]), { count: 2, mean: 0.5, standardError: 0 });
    assert.deepEqual(ratioOfSums([12, 18], [10, 10]), {
      count: 2,
      mean: 0.5,
      standardError: Math.sqrt((9 + 9) * 2) / 20,
    });
    assert.equal(ratioOfSums([3], [2]).standardError, 0);
  });
});
