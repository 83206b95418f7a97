/** The delays before further starts, in milliseconds. After the last, no automatic start follows. */
const DELAYS_MS: readonly number[] = [0, 500, 1_000, 2_000, 5_000];
/** Older failures do not count. */
const WINDOW_MS = 3 * 60_000;

/** Prevents endless restarts of a process that fails at once. Times are as of `Date.now()`. */
export class CrashBackoff {
  #failuresMs: number[] = [];

  record(nowMs: number): void {
    this.#failuresMs.push(nowMs);
  }

  /**
   * Returns the delay before the next start. Returns `undefined` if no start may follow until `reset` or until the
   * failures are old.
   */
  delayMs(nowMs: number): number | undefined {
    this.#failuresMs = this.#failuresMs.filter((failureMs) => nowMs - failureMs < WINDOW_MS);
    return this.#failuresMs.length === 0 ? 0 : DELAYS_MS[this.#failuresMs.length - 1];
  }

  /** Forgets the failures when the user asks for another try. */
  reset(): void {
    this.#failuresMs = [];
  }
}
