import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { growthMebibytesPerHour, meanGrowth, MIN_MINUTES, WARM_UP_MINUTES } from './growth.ts';

const life = (
  minutes: number,
  at: (minute: number) => number,
): { startMinute: number; residentMebibytes: number[] } => ({
  startMinute: 0,
  residentMebibytes: Array.from({ length: minutes }, (_, minute) => at(minute)),
});

describe('growth of a process', () => {
  it('is the slope of its memory without its first minutes', () => {
    const growth = growthMebibytesPerHour(
      life(70, (minute) => (minute < WARM_UP_MINUTES ? 10 * minute : 200 + minute / 30)),
    );
    assert.ok(growth);
    assert.ok(Math.abs(growth.perHour - 2) < 1e-9);
    assert.equal(growth.hours, 1);
  });

  it('is undefined for a short life', () =>
    assert.equal(growthMebibytesPerHour(life(WARM_UP_MINUTES + MIN_MINUTES - 1, () => 1)), undefined));

  it('weights several lives by their length', () => {
    const { perHour, lives } = meanGrowth([
      life(40, (minute) => minute / 60),
      life(100, (minute) => minute / 30),
      life(5, (minute) => minute),
    ]);
    assert.equal(lives, 2);
    assert.ok(Math.abs(perHour - (1 * 30 + 2 * 90) / 120) < 1e-9);
  });
});
