import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareRows } from './compareRows.ts';

const scores = Float32Array.of(/* head 0 */ 5, 1, 4, 3.999, /* head 1 */ 0.5, 9, 8, 7);
const compare = (ours: number[][], theirs: number[][], compete = false): ReturnType<typeof compareRows> =>
  compareRows([ours], [theirs], { scores, tokens: 4, compete });

describe('compareRows', () => {
  it('accepts equal rows', () => {
    assert.deepEqual(
      compare(
        [
          [0, 2],
          [1, 2],
        ],
        [
          [2, 0],
          [1, 2],
        ],
      ),
      { rows: 4, differing: 0, beyond: 0, worst: 0 },
    );
  });

  it('accepts a difference within the tolerance of the smallest kept score', () => {
    const { worst, ...counts } = compare(
      [
        [0, 3],
        [1, 2],
      ],
      [
        [0, 2],
        [1, 2],
      ],
    );
    assert.deepEqual(counts, { rows: 4, differing: 1, beyond: 0 });
    assert.ok(Math.abs(worst - 0.001 / 4) < 1e-6);
  });

  it('reports a difference beyond the tolerance', () => {
    assert.deepEqual(
      compare(
        [
          [0, 1],
          [1, 2],
        ],
        [
          [0, 2],
          [1, 2],
        ],
      ),
      { rows: 4, differing: 1, beyond: 1, worst: 0.75 },
    );
  });

  it('uses the smallest score of all heads if they compete', () => {
    const { beyond, worst } = compare(
      [
        [0, 3],
        [1, 2, 3],
      ],
      [
        [0, 2],
        [1, 2, 3],
      ],
      true,
    );
    assert.deepEqual([beyond, worst < 1e-3], [0, true]);
    assert.equal(
      compare(
        [[0], [1, 2, 3]],
        [
          [0, 2],
          [1, 2],
        ],
        true,
      ).beyond,
      1,
    );
  });

  it('refuses a different number of rows', () => {
    assert.throws(
      () =>
        compare(
          [[0], [1, 2]],
          [
            [0, 2],
            [1, 2],
          ],
        ),
      /keeps 3 rows here and 4 there/,
    );
  });
});
