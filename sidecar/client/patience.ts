/** No step of waiting counts for more: for the rest of it this process itself was stopped. */
const LONGEST_STEP_MS = 5_000;

/**
 * How long to wait for something, without the time for which this process stood still itself: what it waits for had
 * that time, and may be there when it goes on. It is to be asked again and again.
 */
export class Patience {
  #waitedMs = 0;
  #askedAtMs: number;

  constructor(
    private readonly limitMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#askedAtMs = now();
  }

  /** Whether the limit is reached. */
  isOver(): boolean {
    const nowMs = this.now();
    this.#waitedMs += Math.min(nowMs - this.#askedAtMs, LONGEST_STEP_MS);
    this.#askedAtMs = nowMs;
    return this.#waitedMs >= this.limitMs;
  }
}
