import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngineHangWatch, type Hang } from '../../../../sidecar/engine/process/engineHangWatch.ts';
import type { Pulse } from '../../../../sidecar/common/childProcess/pulse.ts';

/** A watch that looks once after each pulse, as the front does. */
class Watched {
  readonly hangs: Hang[] = [];
  readonly watch = new EngineHangWatch((hang) => this.hangs.push(hang));
  pulse: Pulse = { turns: 1, callsBegun: 5, callsEnded: 5, processorMs: 1_000 };

  /** Sends pulses, each with a change of the previous one, and looks after each. */
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

describe('EngineWatch', () => {
  it('reports nothing while the main thread turns', () => {
    assert.deepEqual(new Watched().pulses(1_000, ({ turns }) => ({ turns: turns + 1 })).hangs, []);
  });

  it('reports an engine that sends no pulses', () => {
    const watched = new Watched().pulses(3, ({ turns }) => ({ turns: turns + 1 })).looks(9);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.looks(1).hangs, ['stopped']);
  });

  it('reports a main thread that takes processor time without a turn', () => {
    const watched = new Watched().pulses(10, takesTime);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.pulses(1, takesTime).hangs, ['loop']);
  });

  it('waits for a main thread that gets no processor time', () => {
    assert.deepEqual(new Watched().pulses(60, ({ processorMs }) => ({ processorMs: processorMs + 1 })).hangs, []);
  });

  it('waits minutes for a native call, but not for ever', () => {
    const watched = new Watched().pulses(1, () => ({ callsBegun: 6 })).pulses(429, takesTime);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.pulses(1, takesTime).hangs, ['native']);
  });

  it('takes native calls that end for progress', () => {
    assert.deepEqual(
      new Watched().pulses(1_000, ({ callsEnded, processorMs }) => ({
        callsBegun: callsEnded + 2,
        callsEnded: callsEnded + 1,
        processorMs: processorMs + 700,
      })).hangs,
      [],
    );
  });

  it('reports an engine that is stopped in a native call', () => {
    assert.deepEqual(new Watched().pulses(5, ({ turns }) => ({ turns: turns + 1, callsBegun: 6 })).looks(10).hangs, [
      'stopped',
    ]);
  });

  it('waits a minute for the first pulse', () => {
    const watched = new Watched().looks(85);
    assert.deepEqual(watched.hangs, []);
    assert.deepEqual(watched.looks(1).hangs, ['start']);
  });

  it('counts looks instead of time, so that a pause of the front is no hang', () => {
    const watched = new Watched().pulses(1);
    watched.watch.look();
    assert.deepEqual(watched.pulses(1, ({ turns }) => ({ turns: turns + 100 })).hangs, []);
  });
});
