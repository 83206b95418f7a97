interface AnswerLimitsOptions {
  /** The time limit of the whole answer. Absent: none. */
  readonly timeoutMs: number | undefined;
  /** The time limit until the model generates. */
  readonly firstPartTimeoutMs: number;
  /** The caller's signal. */
  readonly signal: AbortSignal | undefined;
}

/** The time limits of an answer. Disposing them closes the connection, so that the server can stop. */
export class AnswerLimits implements Disposable {
  /** Aborts if a limit passes, if the caller aborts, or on disposal. */
  readonly signal: AbortSignal;
  readonly #left = new AbortController();
  readonly #outOfTime = new AbortController();
  readonly #late = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #firstPartTimer: NodeJS.Timeout;

  constructor(private readonly options: AnswerLimitsOptions) {
    const { timeoutMs, firstPartTimeoutMs, signal } = options;
    if (timeoutMs !== undefined) this.#timer = setTimeout(() => this.#outOfTime.abort(), timeoutMs);
    this.#firstPartTimer = setTimeout(() => this.#late.abort(), firstPartTimeoutMs);
    const own = [this.#left.signal, this.#outOfTime.signal, this.#late.signal];
    this.signal = AbortSignal.any(signal ? [...own, signal] : own);
  }

  get isOutOfTime(): boolean {
    return this.#outOfTime.signal.aborted;
  }

  /** The limit that has passed. */
  get passedMs(): number | undefined {
    if (this.isOutOfTime) return this.options.timeoutMs;
    return this.#late.signal.aborted ? this.options.firstPartTimeoutMs : undefined;
  }

  /** Call it when the model generates. */
  begun(): void {
    clearTimeout(this.#firstPartTimer);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#firstPartTimer);
    this.#left.abort();
  }
}
