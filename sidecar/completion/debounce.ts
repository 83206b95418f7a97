import { MAX_TIMER_MS } from '../common/maxTimer.ts';

const MAX_DELAY_MS = 400;
/** A pause longer than the usual interval between keystrokes by this factor means that the user stopped. */
const INTERVAL_FACTOR = 1.2;
/** Longer gaps are pauses, not typing. */
const MAX_INTERVAL_MS = 1000;
const SMOOTHING = 0.3;

/**
 * How long to wait before a request goes to the model: about the time until the user's next keystroke, less the latency
 * of the answer. So a slow model is asked at once, and a fast one waits for a pause in which its answer can be seen.
 */
export class AdaptiveDebounce {
  #lastRequestAt: number | undefined;
  #intervalMs: number | undefined;
  #latencyMs: number | undefined;

  /** Notes a request that arrived at `nowMs`. */
  keystroke(nowMs: number): void {
    const interval = this.#lastRequestAt === undefined ? undefined : nowMs - this.#lastRequestAt;
    this.#lastRequestAt = nowMs;
    if (interval !== undefined && interval <= MAX_INTERVAL_MS) this.#intervalMs = smooth(this.#intervalMs, interval);
  }

  /** Notes the latency of an answer. */
  answered(latencyMs: number): void {
    this.#latencyMs = smooth(this.#latencyMs, latencyMs);
  }

  delayMs(minimumMs: number): number {
    const wanted = (this.#intervalMs ?? 0) * INTERVAL_FACTOR - (this.#latencyMs ?? 0);
    return Math.max(minimumMs, Math.min(MAX_DELAY_MS, wanted));
  }
}

function smooth(average: number | undefined, value: number): number {
  return average === undefined ? value : average + SMOOTHING * (value - average);
}

/** Waits, or resolves early when the signal aborts. */
export function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds <= 0 || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, Math.min(MAX_TIMER_MS, milliseconds));
    signal.addEventListener('abort', finish, { once: true });
  });
}
