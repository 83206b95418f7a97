/**
 * The microphone's process: opens the system's microphone and sends sound to its parent until the parent ends it. It
 * receives no messages. If native code hangs or crashes, only this process is affected.
 */
import { PvRecorder } from '@picovoice/pvrecorder-node';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLifeline } from '../../common/childProcess/lifeline.ts';
import { FRAME_SAMPLES, type MicrophoneMessage } from './messages.ts';

/** The device that the system chooses. */
const DEFAULT_DEVICE = -1;
const RETRY_MS = 20;
/** After this time the microphone counts as gone. */
const MOST_SILENT_MS = 3_000;

startLifeline();
process.on('SIGINT', () => undefined);

const send = (message: MicrophoneMessage): Promise<void> =>
  new Promise((resolve) => process.send?.(message, () => resolve()));

try {
  const recorder = new PvRecorder(FRAME_SAMPLES, DEFAULT_DEVICE);
  recorder.start();
  await send({ type: 'open', device: recorder.getSelectedDevice() });
  for (let heardMs = performance.now(); ;) {
    try {
      const frame = await recorder.read();
      heardMs = performance.now();
      await send({
        type: 'sound',
        samples: Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('base64'),
      });
    } catch (error) {
      // A microphone that wakes up, or a busy machine, is late for the first reads.
      if (performance.now() - heardMs > MOST_SILENT_MS) throw error;
      await sleep(RETRY_MS);
    }
  }
} catch (error) {
  await send({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}
