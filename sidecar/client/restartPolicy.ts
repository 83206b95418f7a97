const MAX_CRASHES = 5;
const CRASH_WINDOW_MS = 3 * 60_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;

/** When a crashed process is started again: at once, then after 0.5, 1, 2, … seconds; not at all after five crashes in three minutes. */
export class RestartPolicy {
  readonly maxCrashes = MAX_CRASHES;
  #crashTimesMs: number[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  crashed(): void {
    this.#crashTimesMs.push(this.now());
  }

  reset(): void {
    this.#crashTimesMs = [];
  }

  /** How long to wait before the next start. */
  get delayMs(): number {
    const crashes = this.#recentCrashes();
    return crashes < 2 ? 0 : Math.min(FIRST_DELAY_MS * 2 ** (crashes - 2), MAX_DELAY_MS);
  }

  get isExhausted(): boolean {
    return this.#recentCrashes() >= MAX_CRASHES;
  }

  #recentCrashes(): number {
    const since = this.now() - CRASH_WINDOW_MS;
    this.#crashTimesMs = this.#crashTimesMs.filter((time) => time > since);
    return this.#crashTimesMs.length;
  }
}
