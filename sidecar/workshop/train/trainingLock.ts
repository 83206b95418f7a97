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

/** Longer than the lock of a dead process stays valid. */
const LONGEST_WAIT_MS = 20_000;
const POLL_MS = 250;

/** The holder of a lock, written beside it. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** The exclusive lock of a training on a folder of checkpoints. */
export interface TrainingLock extends AsyncDisposable {
  /** Throws `TroubleError` if another training took over the folder. */
  requireHeld(): void;
}

/**
 * Locks a folder of checkpoints. Waits some seconds until the lock of a dead process expires. Throws a `TroubleError`
 * 'invalid-input' that names the holder if another training has the lock.
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
          `Another training took over ${checkpointFolder} while this training was suspended, and now writes the checkpoints there. Stop one of them.`,
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
        `A training of this name is running (${who}), with its checkpoints in ${checkpointFolder}. Wait for its end, stop it, or choose another --name.`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** The file that names the lock's holder for a folder of checkpoints. */
export const holderFileOf = (checkpointFolder: string): string => `${checkpointFolder}.holder.json`;

/** Resolves with `undefined` if the lock was taken just now and the holder is not written yet. */
async function readHolder(checkpointFolder: string): Promise<Holder | undefined> {
  try {
    return parseJson(await readFile(holderFileOf(checkpointFolder), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Processes of other machines are assumed to run. */
function mayRun({ pid, host }: Holder): boolean {
  if (host !== os.hostname()) return true;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
