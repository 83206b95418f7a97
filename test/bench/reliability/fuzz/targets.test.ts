import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from './random.ts';
import { targets, type TargetName } from './targets.ts';

const INPUTS = 200;
const SEED = 20_261_130;

describe('random inputs', () => {
  for (const name of Object.keys(targets) as TargetName[]) {
    it(`of ${name} are accepted, or correctly refused`, async () => {
      const target = await targets[name]();
      let taken = 0;
      const runs = Math.ceil(INPUTS / (target.inputsAtOnce ?? 1));
      try {
        for (let run = 0; run < runs; run++) taken += Number(await target.run(target.make(new Random(SEED + run))));
      } finally {
        await target.close?.();
      }
      assert.ok(taken > 0 && taken <= runs, `${taken} of ${runs} are accepted`);
    });
  }

  it('are the same for the same seed', () => {
    const numbers = (seed: number): number[] => {
      const random = new Random(seed);
      return Array.from({ length: 20 }, () => random.below(1_000));
    };
    assert.deepEqual(numbers(7), numbers(7));
    assert.notDeepEqual(numbers(7), numbers(8));
  });
});
