import { stat, utimes } from 'node:fs/promises';

interface Seen {
  readonly mtimeMs: number;
  /** On the monotonic clock. */
  readonly sinceMs: number;
}

/** Locks that had a date in the future when they were last looked at. */
const seen = new Map<string, Seen>();

/**
 * Expires a lock whose date is in the future and whose holder is dead. Such a lock appears if the clock was set back:
 * it would count as held until its date comes. A live holder keeps updating the date, so a holder is dead if the date
 * stays for `staleMs`. Call this whenever the lock is found held.
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
