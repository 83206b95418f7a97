import assert from 'node:assert/strict';
import { afterEach, describe, it, type TestContext } from 'node:test';
import '../documents/support/useFakeVscode.ts';

const { Snooze } = await import('../../../extension/completion/snooze.ts');

const MINUTE_MS = 60_000;
const open: InstanceType<typeof Snooze>[] = [];
afterEach(() => {
  for (const snooze of open.splice(0)) snooze.dispose();
});

/** Snoozes ghost text from now on, and counts the change events. */
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

describe('a snooze', () => {
  // A timer waits at most 35,791 minutes.
  for (const minutes of [5, 35_791, 35_792, 100_000, 525_600]) {
    it(`of ${minutes} minutes ends on time, and not before`, (context) => {
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
    it(`of ${minutes} minutes ends at a valid time`, () => {
      const snooze = new Snooze();
      open.push(snooze);
      snooze.begin(minutes);
      assert.ok(Number.isFinite(new Date(snooze.untilMs).getTime()));
      assert.ok(snooze.untilMs > Date.now());
    });
  }
});
