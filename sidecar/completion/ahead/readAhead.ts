import { DelayedWork } from './delayedWork.ts';
import { MAX_SAVED_MS, type IdleBudget } from './idleBudget.ts';

/** Nobody typed for so long: the model's time is free. */
const IDLE_MS = 3_000;
/**
 * Attempts in a row that bring nothing, each with twice the time of the one before. Then what is to be read takes
 * longer than there is ever time for.
 */
const MAX_VAIN_ATTEMPTS = 6;

export interface ReadingResult {
  /** That the model worked. */
  readonly elapsedMs: number;
  /** Whether there is nothing left to read. */
  readonly isDone: boolean;
  /** Tokens that are there to go on from. Absent where it did not come to reading. */
  readonly heldTokens?: number;
}

export const NOTHING_TO_READ: ReadingResult = { elapsedMs: 0, isDone: true };

/** Reads something while `signal` doesn't abort. */
export type Reading = (signal: AbortSignal, limitMs: number) => Promise<ReadingResult>;

interface Attempt {
  readonly read: Reading;
  /** With less it is not begun. */
  readonly leastMs: number;
  /** The most that was there after one before it. */
  readonly heldTokens: number;
  /**
   * Of those before it, the last ones that brought nothing more: what is ended keeps nothing of an evaluation, or
   * others took its place.
   */
  readonly vainAttempts: number;
}

/**
 * Lets the model read while nobody types, whoever's client it is: three seconds after the last request, as long as the
 * budget lasts, and never beyond the next keystroke. What somebody else's typing or the budget ended goes on after a
 * while.
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

  /** Ends what is read, for all clients. */
  stopAll(): void {
    this.#work.stopWhere(() => true);
  }

  /**
   * A client's user types: what is to be read waits for the next pause, and ends where it is read now. For other
   * clients it then goes on.
   */
  postpone(clientKey: string): void {
    this.#work.postpone(clientKey);
    this.#work.postponeOthers(clientKey);
  }

  /** Reads when the user has done nothing for a while from now. */
  schedule(clientKey: string, read: Reading): void {
    this.#schedule(clientKey, { read, leastMs: 0, heldTokens: 0, vainAttempts: 0 });
  }

  #schedule(clientKey: string, attempt: Attempt): void {
    this.#work.schedule(clientKey, {
      delayMs: IDLE_MS,
      details: undefined,
      work: (signal) => this.#attempt(clientKey, attempt, signal),
    });
  }

  async #attempt(clientKey: string, attempt: Attempt, signal: AbortSignal): Promise<void> {
    const limitMs = this.budget.allowanceMs();
    if (limitMs === 0 || limitMs < attempt.leastMs) return this.#schedule(clientKey, attempt);
    const { elapsedMs, isDone, heldTokens } = await this.#read(attempt.read, limitMs, signal);
    if (isDone || signal.aborted) return;
    if (heldTokens === undefined) return this.#schedule(clientKey, attempt);
    if (heldTokens > attempt.heldTokens)
      return this.#schedule(clientKey, { ...attempt, leastMs: 0, heldTokens, vainAttempts: 0 });
    const vainAttempts = attempt.vainAttempts + 1;
    if (vainAttempts < MAX_VAIN_ATTEMPTS)
      this.#schedule(clientKey, { ...attempt, leastMs: Math.min(MAX_SAVED_MS, 2 * elapsedMs), vainAttempts });
  }

  async #read(read: Reading, limitMs: number, signal: AbortSignal): Promise<ReadingResult> {
    if (this.#running++ === 0) this.onChange(true);
    try {
      const result = await read(signal, limitMs);
      this.budget.spend(result.elapsedMs);
      return result;
    } finally {
      if (--this.#running === 0) this.onChange(false);
    }
  }
}
