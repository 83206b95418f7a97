/** The most time that counts between two checks. Any longer gap means that this process was stopped. */
const LONGEST_STEP_MS = 5_000;

/**
 * A time limit that leaves out the time for which this process was stopped: whatever it waits for may have happened
 * meanwhile. Call `isOver` repeatedly.
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

  /** Returns whether the limit is reached. */
  isOver(): boolean {
    const nowMs = this.now();
    this.#waitedMs += Math.min(nowMs - this.#askedAtMs, LONGEST_STEP_MS);
    this.#askedAtMs = nowMs;
    return this.#waitedMs >= this.limitMs;
  }
}
