/** The share of all time that may be spent ahead of requests, and the most that can be saved. */
const CPU_SHARE = 0.2;
export const MAX_SAVED_MS = 60_000;
/** With less than this no work begins. */
const MIN_SAVED_MS = 1_000;

/**
 * The model's time for work ahead of requests, for all clients together. It is a fifth of all time. At most a minute
 * can be saved. The budget begins with this minute, since the first reading of a new workspace helps most.
 */
export class IdleBudget {
  #savedMs = MAX_SAVED_MS;
  #savedAtMs: number;

  /** `now`: milliseconds, monotonic. */
  constructor(private readonly now: () => number) {
    this.#savedAtMs = now();
  }

  /** Returns the milliseconds that may be spent now; 0 if there are too few to begin. */
  allowanceMs(): number {
    const nowMs = this.now();
    this.#savedMs = Math.min(MAX_SAVED_MS, this.#savedMs + CPU_SHARE * (nowMs - this.#savedAtMs));
    this.#savedAtMs = nowMs;
    return this.#savedMs < MIN_SAVED_MS ? 0 : this.#savedMs;
  }

  spend(elapsedMs: number): void {
    this.#savedMs -= elapsedMs;
  }
}
