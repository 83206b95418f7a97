import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pairedProportions, wilsonInterval } from '../../../../sidecar/workshop/retrieval/proportions.ts';

const near = (actual: readonly number[], expected: readonly number[], tolerance: number): void =>
  actual.forEach((value, index) =>
    assert.ok(
      Math.abs(value - (expected[index] as number)) <= tolerance,
      `${actual.join(', ')} instead of ${expected.join(', ')}`,
    ),
  );
/** Outcomes of pairs: both, only a, only b, neither. */
const table = (counts: readonly [number, number, number, number]): [boolean[], boolean[]] => [
  counts.flatMap((count, cell) => Array<boolean>(count).fill(cell < 2)),
  counts.flatMap((count, cell) => Array<boolean>(count).fill(cell % 2 === 0)),
];

describe('wilsonInterval', () => {
  // Newcombe 1998, Statistics in Medicine 17, 857–872, table I, method 3.
  for (const [found, total, low, high] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    it(`of ${found} of ${total} is ${low} to ${high}`, () => near(wilsonInterval(found, total), [low, high], 5e-5));
  }

  it('is 0 to 1 without observations', () => assert.deepEqual(wilsonInterval(0, 0), [0, 1]));
});

describe('pairedProportions', () => {
  it('agrees with the standard error for many pairs', () => {
    const [both, onlyA, onlyB, neither] = [500, 120, 80, 300];
    const { difference, interval } = pairedProportions(...table([both, onlyA, onlyB, neither]));
    const standardError = Math.sqrt(onlyA + onlyB - (onlyA - onlyB) ** 2 / 1_000) / 1_000;
    near([difference, ...interval], [0.04, 0.04 - 1.96 * standardError, 0.04 + 1.96 * standardError], 0.001);
  });

  it('has some width even if all pairs agree, less with more pairs', () => {
    const few = pairedProportions(...table([20, 0, 0, 10]));
    const many = pairedProportions(...table([200, 0, 0, 100]));
    assert.equal(few.difference, 0);
    assert.ok(few.interval[0] < 0 && few.interval[1] > 0);
    assert.ok(many.interval[1] - many.interval[0] < few.interval[1] - few.interval[0]);
  });

  it('is reversed if both sides are swapped', () => {
    const [a, b] = table([30, 8, 2, 10]);
    const [one, other] = [pairedProportions(a, b), pairedProportions(b, a)];
    near([one.difference, ...one.interval], [-other.difference, -other.interval[1], -other.interval[0]], 1e-12);
  });

  it('contains the true difference about 95 times in 100', () => {
    let state = 12345;
    const uniform = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
    let holds = 0;
    const trials = 2_000;
    for (let trial = 0; trial < trials; trial++) {
      // Both right 0.5, only a 0.2, only b 0.1.
      const cells = Array.from({ length: 60 }, uniform);
      const { interval } = pairedProportions(
        cells.map((u) => u < 0.7),
        cells.map((u) => u < 0.5 || (u >= 0.7 && u < 0.8)),
      );
      if (interval[0] <= 0.1 && interval[1] >= 0.1) holds++;
    }
    assert.ok(holds / trials > 0.935 && holds / trials < 0.975, `${holds} of ${trials}`);
  });
});
