import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pulseLine, PulseReader } from '../../../../sidecar/common/childProcess/pulse.ts';

describe('PulseReader', () => {
  it('reads pulses wherever the pipe cuts them', () => {
    const sent = [1, 2, 3].map((turns) => ({
      turns,
      callsBegun: 10 * turns,
      callsEnded: 9 * turns,
      processorMs: 1_000 * turns,
    }));
    const text = sent.map(pulseLine).join('');
    for (let cut = 0; cut <= text.length; cut++) {
      const reader = new PulseReader();
      assert.deepEqual([...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut))], sent);
    }
  });
});
