import { DelayedWork } from './delayedWork.ts';
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
  readonly #work = new DelayedWork();
  #running = 0;

  /** `onChange`: reading begins or ends. */
  constructor(
    private readonly budget: IdleBudget,
    private readonly onChange: (isReading: boolean) => void = () => undefined,
  ) {}

  /** A client's user did something: ends what is read for them. */
  stop(clientKey: string): void {
    this.#work.stop(clientKey);
  }

  /** Resolves when nothing is read for a client. */
  ended(clientKey: string): Promise<void> {
    return this.#work.ended(clientKey);
  }

  /** A client's user edits something: ends what is read for them, and what is to be read waits for the next pause. */
  postpone(clientKey: string): void {
    this.#work.postpone(clientKey);
  }

  /** Reads when the user has done nothing for a while from now. */
  schedule(clientKey: string, read: Reading): void {
    this.#work.schedule(clientKey, { delayMs: IDLE_MS, details: undefined, work: (signal) => this.#read(read, signal) });
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
