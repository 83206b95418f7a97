import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { common, meanOf, pairedDifference, ratioOfSums } from './paired.ts';

describe('paired results', () => {
  it('have a mean and its standard error', () => {
    assert.deepEqual(meanOf([1, 2, 3, 4]), { count: 4, mean: 2.5, standardError: Math.sqrt(5 / 3 / 4) });
    assert.deepEqual(meanOf([]), { count: 0, mean: 0, standardError: 0 });
  });

  it('are compared in pairs, so that an item that is hard for both adds no error', () => {
    assert.deepEqual(pairedDifference([1, 11, 101], [0, 10, 100]), { count: 3, mean: 1, standardError: 0 });
  });

  it('contain the items that both have', () => {
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

  it('are compared as sums if items differ in size, without an error if all differ by the same share', () => {
    assert.deepEqual(ratioOfSums([15, 150], [10, 100]), { count: 2, mean: 0.5, standardError: 0 });
    assert.deepEqual(ratioOfSums([12, 18], [10, 10]), {
      count: 2,
      mean: 0.5,
      standardError: Math.sqrt((9 + 9) * 2) / 20,
    });
    assert.equal(ratioOfSums([3], [2]).standardError, 0);
  });
});
