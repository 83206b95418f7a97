import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { HeldKey } from '../../../extension/dictation/heldKey.ts';

describe('a key that begins dictation', () => {
  function pressed(t: TestContext): { readonly key: HeldKey; readonly releases: () => number } {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    let count = 0;
    return { key: new HeldKey(() => count++), releases: () => count };
  }

  it('ends it when it is let go, and not while it repeats', (t) => {
    const { key, releases } = pressed(t);
    for (let repeat = 0; repeat < 40; repeat++) {
      key.pressAgain();
      t.mock.timers.tick(90);
    }
    assert.equal(releases(), 0);
    t.mock.timers.tick(400);
    assert.equal(releases(), 1);
  });

  it('ends it when it is pressed a second time', (t) => {
    const { key, releases } = pressed(t);
    t.mock.timers.tick(5_000);
    assert.equal(releases(), 0, 'a press alone goes on');
    key.pressAgain();
    t.mock.timers.tick(400);
    assert.equal(releases(), 1);
  });

  it('ends nothing when the window is gone', (t) => {
    const { key, releases } = pressed(t);
    key.pressAgain();
    key.dispose();
    t.mock.timers.tick(1_000);
    assert.equal(releases(), 0);
  });
});
