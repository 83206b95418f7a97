import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { learningRate, type ScheduleOptions } from '../../../../kernels/training/optimiser/schedules.ts';

const shared = { peakRate: 1, floorShare: 0.1, warmUpSteps: 10, totalSteps: 110, decayShare: 0.2 };
const cosine: ScheduleOptions = { ...shared, kind: 'cosine' };
const wsd: ScheduleOptions = { ...shared, kind: 'wsd' };
const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, expected ${expected}`);

describe('the learning rate', () => {
  it('rises linearly to its peak', () => {
    for (const options of [cosine, wsd]) {
      near(learningRate(1, options), 0.1);
      near(learningRate(5, options), 0.5);
      near(learningRate(10, options), 1);
    }
  });

  it('falls along a cosine to its floor', () => {
    near(learningRate(60, cosine), 0.55);
    near(learningRate(35, cosine), 0.1 + 0.9 * ((1 + Math.SQRT1_2) / 2));
    near(learningRate(110, cosine), 0.1);
  });

  it('stays at its peak and falls linearly in the last steps', () => {
    near(learningRate(88, wsd), 1);
    near(learningRate(99, wsd), 0.55);
    near(learningRate(110, wsd), 0.1);
  });

  it('starts at its peak without a warm-up', () => near(learningRate(1, { ...wsd, warmUpSteps: 0 }), 1));
});
