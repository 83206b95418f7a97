import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BackOff } from '../../../../sidecar/common/childProcess/backOff.ts';

describe('BackOff', () => {
  test('delays 0, 1, 2, 4 … 30 s, and 0 again after a minute without a crash', () => {
    let now = 0;
    const backOff = new BackOff(() => now);
    const delays = [backOff.delayMs];
    for (let crash = 0; crash < 8; crash++) {
      backOff.started();
      now += 10;
      backOff.failed();
      delays.push(backOff.delayMs);
    }
    assert.deepEqual(delays, [0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    backOff.started();
    now += 60_000;
    backOff.failed();
    assert.equal(backOff.delayMs, 0);
  });
});
