import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { HeldKey } from '../../../extension/dictation/heldKey.ts';

describe('HeldKey', () => {
  /** Returns a key and the actions that it started, in order. `end` ends the last action. */
  function key(t: TestContext): {
    readonly press: () => void;
    readonly hold: (repeats: number) => void;
    readonly end: () => Promise<void>;
    readonly begun: readonly AbortSignal[];
    readonly dispose: () => void;
  } {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const held = new HeldKey();
    const begun: AbortSignal[] = [];
    let finish = (): void => undefined;
    let presses = Promise.resolve();
    const press = (): void => {
      const pressed = held.press((released) => {
        begun.push(released);
        return new Promise<void>((resolve) => (finish = resolve));
      });
      presses = Promise.all([presses, pressed]).then(() => undefined);
    };
    const hold = (repeats: number): void => {
      for (let repeat = 0; repeat < repeats; repeat++) {
        press();
        t.mock.timers.tick(90);
      }
    };
    const end = async (): Promise<void> => {
      finish();
      await presses;
    };
    return { press, hold, end, begun, dispose: () => held.dispose() };
  }
  const releases = (begun: readonly AbortSignal[]): readonly boolean[] => begun.map(({ aborted }) => aborted);

  it('ends the action when the key is released, and not while it repeats', (t) => {
    const { hold, begun } = key(t);
    hold(40);
    assert.deepEqual(releases(begun), [false]);
    t.mock.timers.tick(400);
    assert.deepEqual(releases(begun), [true]);
  });

  it('ends the action at a second press', (t) => {
    const { press, begun } = key(t);
    press();
    t.mock.timers.tick(5_000);
    assert.deepEqual(releases(begun), [false], 'a press alone goes on');
    press();
    t.mock.timers.tick(400);
    assert.deepEqual(releases(begun), [true]);
  });

  it('signals the release to a running action, and starts it only once', (t) => {
    const { hold, press, begun } = key(t);
    hold(5);
    t.mock.timers.tick(400);
    assert.deepEqual(releases(begun), [true], 'what was begun has not ended yet');
    press();
    assert.equal(begun.length, 1);
  });

  for (const [when, repeats] of [
    ['before it repeats', 0],
    ['while it repeats', 10],
  ] as const) {
    it(`does not start an action again before the release if the action ended by itself ${when}`, async (t) => {
      const { hold, press, end, begun } = key(t);
      press();
      t.mock.timers.tick(500);
      hold(repeats);
      await end();
      hold(20);
      await end();
      assert.deepEqual(releases(begun), [false]);
      t.mock.timers.tick(400);
      press();
      assert.equal(begun.length, 2);
    });
  }

  it('starts again soon after it ended an action', async (t) => {
    const { hold, press, end, begun } = key(t);
    hold(10);
    t.mock.timers.tick(400);
    await end();
    press();
    assert.deepEqual(releases(begun), [true, false]);
  });

  it('rejects if the action fails, and starts again then', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const held = new HeldKey();
    await assert.rejects(
      held.press(() => Promise.reject(new Error('no box'))),
      /no box/,
    );
    t.mock.timers.tick(700);
    let count = 0;
    await held.press(() => Promise.resolve(void count++));
    assert.equal(count, 1);
  });

  it('ends nothing after the window is gone', (t) => {
    const { press, hold, dispose, begun } = key(t);
    press();
    hold(1);
    dispose();
    t.mock.timers.tick(1_000);
    assert.deepEqual(releases(begun), [false]);
  });
});
