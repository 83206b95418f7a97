/**
 * Counts the native calls of the main thread that may take long: how many began, and how many ended. It is memory that
 * another thread can read while one of them runs, which so can tell it from a loop in JavaScript.
 */
export const nativeCalls = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));

export const CALLS_BEGUN = 0;
export const CALLS_ENDED = 1;

/** What `call` gives; counted as one native call until it has returned, or its promise is settled. */
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
