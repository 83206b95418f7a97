import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type { PowerSource } from '../../../../sidecar/front/power/powerSource.ts';
import { Quietness } from '../../../../sidecar/front/power/quietness.ts';

describe('quiet mode', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }));
  afterEach(() => mock.timers.reset());

  function setup(source: PowerSource | undefined): {
    quietness: Quietness;
    changes: boolean[];
    plug: (source: PowerSource | undefined) => Promise<void>;
    reads: () => number;
  } {
    const changes: boolean[] = [];
    let reads = 0;
    const read = async (): Promise<PowerSource | undefined> => {
      reads++;
      return source;
    };
    const quietness = new Quietness({ onChange: (isQuiet) => changes.push(isQuiet), read, intervalMs: 1_000 });
    const plug = async (next: PowerSource | undefined): Promise<void> => {
      source = next;
      mock.timers.tick(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    };
    return { quietness, changes, plug, reads: () => reads };
  }

  it('follows the plug', async () => {
    const { quietness, changes, plug } = setup('mains');
    await quietness.start();
    assert.equal(quietness.isQuiet, false);
    await plug('battery');
    await plug('battery');
    await plug('mains');
    assert.deepEqual(changes, [true, false]);
  });

  it('follows the user’s setting, whatever the plug does', async () => {
    const { quietness, plug } = setup('battery');
    await quietness.start();
    quietness.configure('never');
    assert.equal(quietness.isQuiet, false);
    quietness.configure('always');
    await plug('mains');
    quietness.configure(undefined);
    assert.equal(quietness.isQuiet, true);
    quietness.configure('auto');
    assert.equal(quietness.isQuiet, false);
  });

  it('reads the power source once if there is no battery', async () => {
    const none = setup('no-battery');
    await none.quietness.start();
    await none.plug('battery');
    assert.equal(none.reads(), 1);
  });

  it('asks again after no answer, and keeps the last state until then', async () => {
    const { quietness, changes, plug } = setup(undefined);
    await quietness.start();
    assert.equal(quietness.isQuiet, false);
    await plug('battery');
    await plug(undefined);
    assert.deepEqual(changes, [true]);
    await plug('mains');
    assert.deepEqual(changes, [true, false]);
  });

  it('is off if reading fails', async () => {
    const broken = new Quietness({
      onChange: () => assert.fail(),
      read: () => Promise.reject(new Error('no program')),
    });
    await broken.start();
    assert.equal(broken.isQuiet, false);
    broken.stop();
  });
});
