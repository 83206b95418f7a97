const LONGEST_MS = 30_000;
const HEALTHY_AFTER_MS = 60_000;

/**
 * The wait in milliseconds after a number of failures in a row: 0 after the first, which may be chance, then 1, 2, 4 …
 * 30 s.
 */
export function delayAfterFailuresMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(LONGEST_MS, 1_000 * 2 ** (failures - 2));
}

/**
 * Tells how long to wait before a crashed process is started again: 0, 1, 2, 4 … 30 s. A minute without a crash resets
 * it to 0.
 */
export class BackOff {
  #failures = 0;
  #startedAt = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  get delayMs(): number {
    return delayAfterFailuresMs(this.#failures);
  }

  started(): void {
    this.#startedAt = this.now();
  }

  failed(): void {
    if (this.now() - this.#startedAt >= HEALTHY_AFTER_MS) this.#failures = 0;
    this.#failures++;
  }

  reset(): void {
    this.#failures = 0;
  }
}
