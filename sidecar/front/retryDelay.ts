import { delayAfterFailuresMs } from '../common/childProcess/backOff.ts';

/** Returns how long to wait before a retry: not at all after the first failure, then 1, 2, 4 … 30 seconds. */
export class RetryDelay {
  #failures = 0;
  #lastFailureMs = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  failed(): void {
    this.#failures++;
    this.#lastFailureMs = this.now();
  }

  succeeded(): void {
    this.#failures = 0;
  }

  get isWaiting(): boolean {
    return this.now() - this.#lastFailureMs < delayAfterFailuresMs(this.#failures);
  }
}
