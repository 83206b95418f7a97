import { mkdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '../../common/parseJson.ts';
import { writeWhole } from '../../common/writeWhole.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { tryLockForWriting, type WriteLock } from '../../shelf/download/writeLock.ts';

/** Longer than the lock of a process that died is heeded. */
const LONGEST_WAIT_MS = 20_000;
const POLL_MS = 250;

/** Who holds a lock; written beside it. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** Of one training alone, among all that write checkpoints to a folder. */
export interface TrainingLock extends AsyncDisposable {
  /** Throws `TroubleError` where another training took the folder over. */
  requireHeld(): void;
}

/**
 * Takes the lock of a folder of checkpoints. Waits some seconds for that of a process that died, until nobody heeds it
 * any more. Throws `TroubleError` 'invalid-input', which names the holder, where another training has it.
 */
export async function lockTraining(checkpointFolder: string): Promise<TrainingLock> {
  await mkdir(path.dirname(checkpointFolder), { recursive: true });
  const lock = await take(checkpointFolder);
  const holderFile = holderFileOf(checkpointFolder);
  await writeWhole(holderFile, JSON.stringify({ pid: process.pid, host: os.hostname() } satisfies Holder));
  return {
    requireHeld() {
      if (lock.lost.aborted)
        throw new TroubleError(
          'invalid-input',
          `Another training took ${checkpointFolder} over while this one was put aside for long. It writes the checkpoints there now: let one of them end.`,
        );
    },
    async [Symbol.asyncDispose]() {
      if (!lock.lost.aborted) await rm(holderFile, { force: true });
      await lock.release();
    },
  };
}

async function take(checkpointFolder: string): Promise<WriteLock> {
  const begunMs = performance.now();
  for (;;) {
    const lock = await tryLockForWriting(checkpointFolder);
    if (lock) return lock;
    const holder = await readHolder(checkpointFolder);
    const hasWaited = performance.now() - begunMs > LONGEST_WAIT_MS;
    if (hasWaited || (holder && mayRun(holder))) {
      const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
      throw new TroubleError(
        'invalid-input',
        `A training of this name is under way (${who}), and its checkpoints are in ${checkpointFolder}. Wait for its end, end it, or choose another --name.`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Where it is written who holds the lock of a folder of checkpoints. */
export const holderFileOf = (checkpointFolder: string): string => `${checkpointFolder}.holder.json`;

/** `undefined` where the lock was taken just now, and nobody has written yet by whom. */
async function readHolder(checkpointFolder: string): Promise<Holder | undefined> {
  try {
    return parseJson(await readFile(holderFileOf(checkpointFolder), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Of processes of other machines nothing is known. */
function mayRun({ pid, host }: Holder): boolean {
  if (host !== os.hostname()) return true;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
