import { DelayedWork } from './delayedWork.ts';
import { MAX_SAVED_MS, type IdleBudget } from './idleBudget.ts';

/** The pause in typing after which reading begins. */
const IDLE_MS = 3_000;
/**
 * The attempts in a row that bring no new token, each with twice the time of the previous one. After these the prompt
 * takes more time than there ever is.
 */
const MAX_VAIN_ATTEMPTS = 6;

export interface ReadingResult {
  /** The time that the model worked. */
  readonly elapsedMs: number;
  /** Whether everything is read. */
  readonly isDone: boolean;
  /** The tokens from which reading can continue. Absent if reading did not begin. */
  readonly heldTokens?: number;
}

export const NOTHING_TO_READ: ReadingResult = { elapsedMs: 0, isDone: true };

/** Reads until `signal` aborts. */
export type Reading = (signal: AbortSignal, limitMs: number) => Promise<ReadingResult>;

interface Attempt {
  readonly read: Reading;
  /** The attempt begins only with so much time. */
  readonly leastMs: number;
  /** The most held tokens after a previous attempt. */
  readonly heldTokens: number;
  /**
   * The number of attempts in a row that brought no new token: the evaluation was interrupted, or another name took the
   * slot.
   */
  readonly vainAttempts: number;
}

/**
 * Lets the model read while no user of any client types. Reading begins three seconds after the last request. It ends
 * with the budget, or with the next keystroke. If another client's keystroke or the budget ended it, it continues
 * later.
 */
export class ReadAhead {
  readonly #work = new DelayedWork();
  #running = 0;

  /** `onChange` is called when reading begins or ends. */
  constructor(
    private readonly budget: IdleBudget,
    private readonly onChange: (isReading: boolean) => void = () => undefined,
  ) {}

  /** Stops reading for a client whose user did something. */
  stop(clientKey: string): void {
    this.#work.stop(clientKey);
  }

  /** Resolves when reading for a client has ended. */
  ended(clientKey: string): Promise<void> {
    return this.#work.ended(clientKey);
  }

  /** Stops reading for all clients. */
  stopAll(): void {
    this.#work.stopWhere(() => true);
  }

  /**
   * Postpones reading to the next pause, because a client's user types. Reading for this client stops if it has begun.
   * Reading for other clients begins again after the pause.
   */
  postpone(clientKey: string): void {
    this.#work.postpone(clientKey);
    this.#work.postponeOthers(clientKey);
  }

  /** Schedules reading for the next pause of a client's user. */
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
