import path from 'node:path';
import lockfile from 'proper-lockfile';
import { setTimeout as sleep } from 'node:timers/promises';
import { expireFutureLock } from '../../common/futureLock.ts';
import { writeFailure } from './errors.ts';

/** A lock that its holder has not touched for this long belongs to a dead process. */
const STALE_MS = 10_000;
const POLL_MS = 500;

/** A lock against all other processes that write to a folder. */
export interface WriteLock {
  /** Aborts if another process took the lock over, after this one slept for long. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lock of a file that will be written. Waits while another process holds it, and calls `onWait` after each
 * try. Throws `TroubleError` if the folder can't be written.
 */
export async function lockForWriting(
  targetPath: string,
  { onWait, signal }: { onWait: () => Promise<void>; signal: AbortSignal },
): Promise<WriteLock> {
  for (;;) {
    signal.throwIfAborted();
    const lock = await tryLockForWriting(targetPath).catch((error: unknown) => {
      throw writeFailure(path.dirname(targetPath), error);
    });
    if (lock) return lock;
    await onWait();
    await sleep(POLL_MS, undefined, { signal });
  }
}

/**
 * Takes the lock as `lockForWriting` does, but returns `undefined` if another process holds it. Throws errors of the
 * file system.
 */
export async function tryLockForWriting(targetPath: string): Promise<WriteLock | undefined> {
  const lost = new AbortController();
  try {
    const release = await lockfile.lock(targetPath, {
      lockfilePath: `${targetPath}.lock`,
      realpath: false,
      stale: STALE_MS,
      update: 2_000,
      retries: 0,
      onCompromised: (error) => lost.abort(error),
    });
    return {
      lost: lost.signal,
      release: () => (lost.signal.aborted ? Promise.resolve() : release().catch(() => undefined)),
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    await expireFutureLock(`${targetPath}.lock`, STALE_MS);
    return undefined;
  }
}
