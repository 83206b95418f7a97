import type { IdleBudget } from './idleBudget.ts';

/** Nobody typed for so long: the model's time is free. */
const IDLE_MS = 3_000;

/** Reads something while `signal` doesn't abort; resolves with the milliseconds that the model worked. */
export type Reading = (signal: AbortSignal, limitMs: number) => Promise<number>;

/**
 * Lets the model read while a client's user does nothing: three seconds after the last request, as long as the budget lasts, and never
 * beyond the next keystroke.
 */
export class ReadAhead {
  readonly #clients = new Map<string, { timer: NodeJS.Timeout; abort: AbortController }>();
  #running = 0;

  /** `onChange`: reading begins or ends. */
  constructor(
    private readonly budget: IdleBudget,
    private readonly onChange: (isReading: boolean) => void = () => undefined,
  ) {}

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
    const limitMs = this.budget.allowanceMs();
    if (signal.aborted || limitMs === 0) return;
    if (this.#running++ === 0) this.onChange(true);
    try {
      this.budget.spend(await read(signal, limitMs));
    } finally {
      if (--this.#running === 0) this.onChange(false);
    }
  }
}
