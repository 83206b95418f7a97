import { stat, utimes } from 'node:fs/promises';

interface Seen {
  readonly mtimeMs: number;
  /** Monotonic. */
  readonly sinceMs: number;
}

/** Locks that were dated in the future when they were looked at last. */
const seen = new Map<string, Seen>();

/**
 * Lets a lock expire that is dated in the future: its holder died, the clock was set back, and until that time comes
 * again it would count as held. A holder that lives dates its lock anew all the time; one that is found with the same
 * date for `staleMs` is dead. To be called whenever the lock is found held.
 */
export async function expireFutureLock(lockFolder: string, staleMs: number): Promise<void> {
  const mtimeMs = (await stat(lockFolder).catch(() => undefined))?.mtimeMs;
  if (mtimeMs === undefined || mtimeMs <= Date.now()) {
    seen.delete(lockFolder);
    return;
  }
  const before = seen.get(lockFolder);
  if (before?.mtimeMs !== mtimeMs) seen.set(lockFolder, { mtimeMs, sinceMs: performance.now() });
  else if (performance.now() - before.sinceMs > staleMs) await utimes(lockFolder, 0, 0).catch(() => undefined);
}
