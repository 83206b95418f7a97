import assert from 'node:assert/strict';
import { afterEach, describe, it, type TestContext } from 'node:test';
import '../documents/support/useFakeVscode.ts';

const { Snooze } = await import('../../../extension/completion/snooze.ts');

const MINUTE_MS = 60_000;
const open: InstanceType<typeof Snooze>[] = [];
afterEach(() => {
  for (const snooze of open.splice(0)) snooze.dispose();
});

/** Ghost text that rests from now, and how often it was told that something changed. */
function resting(
  { mock }: TestContext,
  minutes: number,
): {
  readonly isAwake: () => boolean;
  readonly passMinutes: (minutes: number) => void;
  readonly changes: () => number;
} {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const snooze = new Snooze();
  open.push(snooze);
  let changes = 0;
  snooze.onDidChange(() => changes++);
  snooze.begin(minutes);
  return {
    isAwake: () => snooze.untilMs === 0,
    passMinutes: (passed) => mock.timers.tick(passed * MINUTE_MS),
    changes: () => changes,
  };
}

describe('ghost text that rests', () => {
  // A timer waits 35,791 minutes at most.
  for (const minutes of [5, 35_791, 35_792, 100_000, 525_600]) {
    it(`for ${minutes} minutes wakes when they are over, and not before`, (context) => {
      const { isAwake, passMinutes, changes } = resting(context, minutes);
      passMinutes(1);
      assert.equal(isAwake(), false);
      passMinutes(minutes - 2);
      assert.equal(isAwake(), false);
      assert.equal(changes(), 1);
      passMinutes(1);
      assert.equal(isAwake(), true);
      assert.equal(changes(), 2);
    });
  }

  for (const minutes of [1e12, Number.MAX_VALUE, Infinity]) {
    it(`for ${minutes} minutes rests until a time that can be told`, () => {
      const snooze = new Snooze();
      open.push(snooze);
      snooze.begin(minutes);
      assert.ok(Number.isFinite(new Date(snooze.untilMs).getTime()));
      assert.ok(snooze.untilMs > Date.now());
    });
  }
});
