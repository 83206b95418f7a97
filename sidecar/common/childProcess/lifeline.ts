import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { LIFELINE_FD, LIFELINE_VARIABLE } from './pulse.ts';
import { threadOfSource } from './threadOfSource.ts';

const TURN_MS = 1_000;
const MAX_HEAP_MEBIBYTES = 16;

/** The data that starts the lifeline's thread. */
export interface LifelineData {
  /** The pipe to the parent. */
  readonly fd: number;
  /** How long the process may go on without its parent, in milliseconds. */
  readonly graceMs: number;
  /**
   * Turns of the main thread's event loop, and the native calls of `kernels/ggml/nativeCalls.ts`. Absent if the parent
   * wants no pulse.
   */
  readonly counts?: { readonly turns: Int32Array; readonly nativeCalls: Int32Array };
}

/**
 * Ends this process when its parent is gone, even while the main thread computes: a thread watches the pipe that the
 * parent made for it. With `nativeCalls` the thread also reports the progress of the main thread. Does nothing if the
 * parent made no pipe.
 */
export function startLifeline({
  graceMs = 0,
  nativeCalls,
}: { readonly graceMs?: number; readonly nativeCalls?: Int32Array } = {}): void {
  const fd = Number(process.env[LIFELINE_VARIABLE] ?? 0);
  if (fd !== LIFELINE_FD) return;
  const turns = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  if (nativeCalls !== undefined) setInterval(() => Atomics.add(turns, 0, 1), TURN_MS).unref();
  const workerData: LifelineData = { fd, graceMs, ...(nativeCalls && { counts: { turns, nativeCalls } }) };
  new Worker(threadScript(), {
    execArgv: [],
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MEBIBYTES },
  }).unref();
}

/** The thread's script: the source, or the bundle in `dist`. */
function threadScript(): string | URL {
  if (import.meta.url.endsWith('.ts')) return threadOfSource(new URL('./main.ts', import.meta.url));
  return path.join(path.dirname(fileURLToPath(import.meta.url)), 'lifeline.mjs');
}
