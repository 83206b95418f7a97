import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fillDropout, seedOf } from '../../../../sidecar/workshop/train/dropout.ts';

describe('dropout', () => {
  const filled = (seed: number): Float32Array => {
    const values = new Float32Array(50_000);
    fillDropout(values, 0.25, seed);
    return values;
  };

  it('drops the requested share, and keeps the mean', () => {
    const values = filled(1);
    assert.deepEqual(new Set(values), new Set([0, Math.fround(4 / 3)]));
    const dropped = values.filter((value) => value === 0).length / values.length;
    assert.ok(Math.abs(dropped - 0.25) < 0.01, `${dropped}`);
  });

  it('depends only on the seed, which differs for every step and batch', () => {
    assert.deepEqual(filled(7), filled(7));
    const seeds = Array.from({ length: 100 }, (_, step) =>
      [0, 1, 2].map((batch) => seedOf(seedOf(1, step), batch)),
    ).flat();
    assert.equal(new Set(seeds).size, seeds.length);
    const [first, second] = [filled(seeds[0] as number), filled(seeds[1] as number)];
    const both = first.filter((value, index) => value === 0 && second[index] === 0).length / first.length;
    assert.ok(Math.abs(both - 0.25 ** 2) < 0.01, `${both}`);
  });
});
