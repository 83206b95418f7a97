/** Work that took too long. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/**
 * The outcome of `work`, if it comes within `limitMs`. Throws `LateError` with `message` where it does not; the work
 * itself goes on.
 */
export async function within<T>(limitMs: number, work: PromiseLike<T>, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(message)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
