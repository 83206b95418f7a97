/**
 * Counts the long native calls of the main thread that began and ended. Another thread can read this memory during a
 * call, and so tell a call from a loop in JavaScript.
 */
export const nativeCalls = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));

export const CALLS_BEGUN = 0;
export const CALLS_ENDED = 1;

/** Runs `call` and returns its result. Counts it as a native call until it returns or its promise settles. */
export function countNativeCall<Result>(call: () => Result): Result {
  Atomics.add(nativeCalls, CALLS_BEGUN, 1);
  const ended = (): void => void Atomics.add(nativeCalls, CALLS_ENDED, 1);
  let result: Result;
  try {
    result = call();
  } catch (error) {
    ended();
    throw error;
  }
  if (result instanceof Promise) result.then(ended, ended);
  else ended();
  return result;
}
