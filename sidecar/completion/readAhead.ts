import { DelayedWork } from './delayedWork.ts';
import type { IdleBudget } from './idleBudget.ts';

/** Nobody typed for so long: the model's time is free. */
const IDLE_MS = 3_000;

export interface ReadingResult {
  /** That the model worked. */
  readonly elapsedMs: number;
  /** Whether there is nothing left to read. */
  readonly isDone: boolean;
}

export const NOTHING_TO_READ: ReadingResult = { elapsedMs: 0, isDone: true };

/** Reads something while `signal` doesn't abort. */
export type Reading = (signal: AbortSignal, limitMs: number) => Promise<ReadingResult>;

/**
 * Lets the model read while a client's user does nothing: three seconds after the last request, as long as the budget lasts, and never
 * beyond the next keystroke. What somebody else's request or the budget ended goes on after a while.
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
    this.#work.schedule(clientKey, { delayMs: IDLE_MS, details: undefined, work: (signal) => this.#read(clientKey, read, signal) });
  }

  async #read(clientKey: string, read: Reading, signal: AbortSignal): Promise<void> {
    const isDone = await this.#readNow(read, signal);
    if (!isDone && !signal.aborted) this.schedule(clientKey, read);
  }

  /** Whether there is nothing left to read. */
  async #readNow(read: Reading, signal: AbortSignal): Promise<boolean> {
    const limitMs = this.budget.allowanceMs();
    if (limitMs === 0) return false;
    if (this.#running++ === 0) this.onChange(true);
    try {
      const { elapsedMs, isDone } = await read(signal, limitMs);
      this.budget.spend(elapsedMs);
      return isDone;
    } finally {
      if (--this.#running === 0) this.onChange(false);
    }
  }
}
