/**
 * The lifeline's thread: tells the parent that this process lives, and ends the process when the parent is gone. It
 * never waits for the main thread.
 */
import { Socket } from 'node:net';
import process from 'node:process';
import { workerData } from 'node:worker_threads';
import { CALLS_BEGUN, CALLS_ENDED } from '../../../kernels/ggml/nativeCalls.ts';
import type { LifelineData } from './lifeline.ts';
import { pulseLine } from './pulse.ts';

const PULSE_MS = 1_000;
/** A stopped parent reads nothing, and old pulses are of no use to it later. */
const MAX_UNREAD_BYTES = 4_096;

const { fd, graceMs, counts } = workerData as LifelineData;
const parent = new Socket({ fd, readable: true, writable: true });
// An 'error' event is followed by 'close'.
parent.on('error', () => undefined);
// An orderly exit would wait for running native calls.
parent.on('close', () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs));
parent.resume();

if (counts !== undefined) {
  const { turns, nativeCalls } = counts;
  const beat = (): void => {
    if (parent.destroyed || parent.writableLength > MAX_UNREAD_BYTES) return;
    const { user, system } = process.cpuUsage();
    const pulse = {
      turns: Atomics.load(turns, 0),
      callsBegun: Atomics.load(nativeCalls, CALLS_BEGUN),
      callsEnded: Atomics.load(nativeCalls, CALLS_ENDED),
      processorMs: (user + system) / 1_000,
    };
    parent.write(pulseLine(pulse));
  };
  beat();
  setInterval(beat, PULSE_MS);
}
