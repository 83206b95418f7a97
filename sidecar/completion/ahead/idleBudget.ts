/** Of all time, the share that may be spent on what nobody asked for yet, and how much of it can be saved up. */
const CPU_SHARE = 0.2;
export const MAX_SAVED_MS = 60_000;
/** With less than this nothing is begun. */
const MIN_SAVED_MS = 1_000;

/**
 * The model's time that may be spent ahead of any request, of all clients together: a fifth of all time, of which a
 * minute can be saved up. That minute is there from the beginning: of a workspace that was just opened the first
 * reading is the one that helps most.
 */
export class IdleBudget {
  #savedMs = MAX_SAVED_MS;
  #savedAtMs: number;

  /** `now`: milliseconds, monotonic. */
  constructor(private readonly now: () => number) {
    this.#savedAtMs = now();
  }

  /** Milliseconds that may be spent now; 0 where it is not worth beginning. */
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
