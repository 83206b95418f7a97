import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CrashBackoff } from '../../../extension/sidecar/crashBackoff.ts';

describe('CrashBackoff', () => {
  it('starts at once at first, and again at once after a single crash', () => {
    const backoff = new CrashBackoff();
    assert.equal(backoff.delayMs(0), 0);
    backoff.record(0);
    assert.equal(backoff.delayMs(0), 0);
  });

  it('waits longer after every further crash and finally gives up', () => {
    const backoff = new CrashBackoff();
    const delays: (number | undefined)[] = [];
    for (let crash = 0; crash < 6; crash++) {
      backoff.record(crash * 1_000);
      delays.push(backoff.delayMs(crash * 1_000));
    }
    assert.deepEqual(delays, [0, 500, 1_000, 2_000, 5_000, undefined]);
  });

  it('forgets old crashes, and all of them on request', () => {
    const backoff = new CrashBackoff();
    for (let crash = 0; crash < 6; crash++) backoff.record(0);
    assert.equal(backoff.delayMs(1_000), undefined);
    assert.equal(backoff.delayMs(4 * 60_000), 0);
    for (let crash = 0; crash < 6; crash++) backoff.record(300_000);
    backoff.reset();
    assert.equal(backoff.delayMs(300_001), 0);
  });
});
