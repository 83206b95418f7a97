/** Work that took too long. */
export class LateError extends Error {
  override readonly name = 'LateError';
}

/** The outcome of `work`, if it comes within `limitMs`. Throws `LateError` where it does not; the work itself goes on. */
export async function withLimit<T>(work: PromiseLike<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LateError(`no answer within ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
