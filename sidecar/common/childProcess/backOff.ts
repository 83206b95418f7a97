const LONGEST_MS = 30_000;
const HEALTHY_AFTER_MS = 60_000;

/**
 * Milliseconds to wait after so many failures in a row: 0 after the first, which may have been chance, then 1, 2, 4 …
 * 30 s.
 */
export function delayAfterFailuresMs(failures: number): number {
  return failures <= 1 ? 0 : Math.min(LONGEST_MS, 1_000 * 2 ** (failures - 2));
}

/**
 * How long to wait before a process that fell is started again: 0, 1, 2, 4 … 30 s, from 0 again after a minute of
 * health.
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
