/**
 * Resolves as `work`, or rejects with the reason of `signal` once it aborts. The work itself goes on for other callers.
 */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  if (signal.aborted) {
    // The caller has left, so a later failure of the work must not become an unhandled rejection.
    work.catch(() => undefined);
    throw signal.reason as Error;
  }
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (abort) signal.removeEventListener('abort', abort);
  }
}
