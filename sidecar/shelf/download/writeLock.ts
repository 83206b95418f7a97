import path from 'node:path';
import lockfile from 'proper-lockfile';
import { setTimeout as sleep } from 'node:timers/promises';
import { expireFutureLock } from '../../common/futureLock.ts';
import { writeFailure } from './errors.ts';

/** A lock that its holder has not touched for this long belongs to a process that died. */
const STALE_MS = 10_000;
const POLL_MS = 500;

/** Of one process alone, among all that write to a folder. */
export interface WriteLock {
  /** Aborts where another process took the lock over, after this one slept for long. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the lock of a file that is to be written; waits while another holds it, and calls `onWait` each time it looked.
 * Throws `TroubleError` where its folder can't be written.
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

/** As `lockForWriting`; `undefined` where another holds the lock. Throws what the file system does. */
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
