import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngineHangWatch, type Hang } from '../../../../sidecar/engine/process/engineHangWatch.ts';
import type { Pulse } from '../../../../sidecar/common/childProcess/pulse.ts';

/** Looks once a pulse, as a front does whose engine sends one in between. */
class Watched {
  readonly hangs: Hang[] = [];
  readonly watch = new EngineHangWatch((hang) => this.hangs.push(hang));
  pulse: Pulse = { turns: 1, callsBegun: 5, callsEnded: 5, processorMs: 1_000 };

  /** So many pulses, each with `change` of the one before, and a look after each. */
  pulses(count: number, change: (pulse: Pulse) => Partial<Pulse> = () => ({})): this {
    for (let i = 0; i < count; i++) {
      this.pulse = { ...this.pulse, ...change(this.pulse) };
      this.watch.hear(this.pulse);
      this.watch.look();
    }
    return this;
  }

  looks(count: number): this {
    for (let i = 0; i < count; i++) this.watch.look();
    return this;
  }
}

const takesTime = ({ processorMs }: Pulse): Partial<Pulse> => ({ processorMs: processorMs + 700 });

describe('the watch over the engine process', () => {
  it('leaves alone an engine whose main thread turns', () => {
    assert.deepEqual(new Watched().pulses(1_000, ({ turns }) => ({ turns: turns + 1 })).hangs, []);
  });

  it('tells of an engine that sends nothing any more', () => {
    const watched = new Watched().pulses(3, ({ turns }) => ({ turns: turns + 1 })).looks(9);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.looks(1).hangs, ['stopped']);
  });

  it('tells of a main thread that takes time and gets nowhere', () => {
    const watched = new Watched().pulses(10, takesTime);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.pulses(1, takesTime).hangs, ['loop']);
  });

  it('waits for a main thread that others keep from the processor', () => {
    assert.deepEqual(new Watched().pulses(60, ({ processorMs }) => ({ processorMs: processorMs + 1 })).hangs, []);
  });

  it('waits for a native call of minutes, and not for ever', () => {
    const watched = new Watched().pulses(1, () => ({ callsBegun: 6 })).pulses(429, takesTime);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.pulses(1, takesTime).hangs, ['native']);
  });

  it('takes native calls that end one after the other for progress', () => {
    assert.deepEqual(
      new Watched().pulses(1_000, ({ callsEnded, processorMs }) => ({
        callsBegun: callsEnded + 2,
        callsEnded: callsEnded + 1,
        processorMs: processorMs + 700,
      })).hangs,
      [],
    );
  });

  it('tells of an engine that is stopped in a native call', () => {
    assert.deepEqual(new Watched().pulses(5, ({ turns }) => ({ turns: turns + 1, callsBegun: 6 })).looks(10).hangs, [
      'stopped',
    ]);
  });

  it('waits a minute for the first sign of life', () => {
    const watched = new Watched().looks(85);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.looks(1).hangs, ['start']);
  });

  it('counts looks and not time: what was sent while the front was stopped is heard before the next look', () => {
    const watched = new Watched().pulses(1);
    watched.watch.look();
    assert.deepEqual(watched.pulses(1, ({ turns }) => ({ turns: turns + 100 })).hangs, []);
  });
});
