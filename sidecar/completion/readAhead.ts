/** Nobody typed for so long: the model's time is free. */
const IDLE_MS = 3_000;
/** Of all time, the share that may be spent reading ahead, and how much of it can be saved up. */
const CPU_SHARE = 0.2;
const MAX_SAVED_MS = 60_000;
/** With less than this it is not begun. */
const MIN_SAVED_MS = 1_000;

/** Reads something while `signal` doesn't abort; resolves with the milliseconds that the model worked. */
export type Reading = (signal: AbortSignal, limitMs: number) => Promise<number>;

/**
 * Lets the model read while a client's user does nothing: three seconds after the last request, for a fifth of all time at most, and never
 * beyond the next keystroke.
 */
export class ReadAhead {
  readonly #clients = new Map<string, { timer: NodeJS.Timeout; abort: AbortController }>();
  #savedMs = MAX_SAVED_MS;
  #savedAtMs: number;
  #running = 0;

  /** `onChange`: reading begins or ends. */
  constructor(
    private readonly now: () => number,
    private readonly onChange: (isReading: boolean) => void = () => undefined,
  ) {
    this.#savedAtMs = now();
  }

  /** A client's user did something: ends what is read for them. */
  stop(clientKey: string): void {
    const client = this.#clients.get(clientKey);
    if (client === undefined) return;
    clearTimeout(client.timer);
    client.abort.abort();
    this.#clients.delete(clientKey);
  }

  /** Reads when the user has done nothing for a while from now. */
  schedule(clientKey: string, read: Reading): void {
    this.stop(clientKey);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      this.#read(read, abort.signal).catch(() => undefined);
    }, IDLE_MS);
    timer.unref();
    this.#clients.set(clientKey, { timer, abort });
  }

  async #read(read: Reading, signal: AbortSignal): Promise<void> {
    const limitMs = this.#allowance();
    if (signal.aborted || limitMs < MIN_SAVED_MS) return;
    if (this.#running++ === 0) this.onChange(true);
    try {
      this.#savedMs -= await read(signal, limitMs);
    } finally {
      if (--this.#running === 0) this.onChange(false);
    }
  }

  #allowance(): number {
    const nowMs = this.now();
    this.#savedMs = Math.min(MAX_SAVED_MS, this.#savedMs + CPU_SHARE * (nowMs - this.#savedAtMs));
    this.#savedAtMs = nowMs;
    return this.#savedMs;
  }
}
