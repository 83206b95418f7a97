/** Waits before each further start, in milliseconds. After the last, no start happens by itself. */
const DELAYS_MS: readonly number[] = [0, 500, 1_000, 2_000, 5_000];
/** Failures older than this do not count. */
const WINDOW_MS = 3 * 60_000;

/** Keeps a process that fails at once from being started over and over. Times are as of `Date.now()`. */
export class CrashBackoff {
  #failuresMs: number[] = [];

  record(nowMs: number): void {
    this.#failuresMs.push(nowMs);
  }

  /** How long to wait before the next start; `undefined`: do not start until `reset` or until the failures are old. */
  delayMs(nowMs: number): number | undefined {
    this.#failuresMs = this.#failuresMs.filter((failureMs) => nowMs - failureMs < WINDOW_MS);
    return this.#failuresMs.length === 0 ? 0 : DELAYS_MS[this.#failuresMs.length - 1];
  }

  /** The user asked for another try. */
  reset(): void {
    this.#failuresMs = [];
  }
}
