import { type CacheKey, isAskedAlike } from './completionCache.ts';

/** How long a request that the editor cancelled runs on, so that the next keystroke's request can take it over. */
const DETACHED_MS = 150;

export type WaitResult = 'finished' | 'diverged' | 'aborted';

/** A running generation. Requests of later keystrokes may wait for it as long as the user types the streamed text. */
export class Flight {
  /** Resolves when the work has ended or was cancelled. Rejects when it failed. */
  readonly finished: Promise<void>;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  #streamed = '';
  #waiting = 0;
  #detachTimer: NodeJS.Timeout | undefined;

  /** `work` gets a signal that cancels it and a callback for new text. */
  constructor(
    readonly key: CacheKey,
    work: (signal: AbortSignal, onText: (text: string) => void) => Promise<void>,
    /** The generation was started ahead of a request. */
    readonly isAhead = false,
  ) {
    this.finished = work(this.#stop.signal, (text) => {
      this.#streamed += text;
      for (const listener of this.#listeners) listener();
    });
    // Requests that wait see the failure. Without such a request it is ignored.
    this.finished.catch(() => undefined);
  }

  get cancelled(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Whether the text at `key` continues this generation's place with the streamed text, or part of it. */
  serves(key: CacheKey): boolean {
    if (
      this.cancelled ||
      !isAskedAlike(key, this.key) ||
      key.after !== this.key.after ||
      !key.before.startsWith(this.key.before)
    )
      return false;
    const typed = key.before.slice(this.key.before.length);
    return this.#streamed.startsWith(typed) || typed.startsWith(this.#streamed);
  }

  /** Waits for the end, until the stream differs from the text typed at `key`, or until `signal` aborts. */
  async wait(key: CacheKey, signal: AbortSignal): Promise<WaitResult> {
    clearTimeout(this.#detachTimer);
    this.#waiting++;
    let result: WaitResult = 'finished';
    let settle = (): void => undefined;
    const interrupted = new Promise<void>((resolve) => (settle = resolve));
    const check = (): void => {
      if (signal.aborted) result = 'aborted';
      else if (!this.serves(key)) result = 'diverged';
      else return;
      settle();
    };
    this.#listeners.add(check);
    signal.addEventListener('abort', check);
    check();
    try {
      await Promise.race([this.finished, interrupted]);
      return result;
    } finally {
      this.#listeners.delete(check);
      signal.removeEventListener('abort', check);
      this.#waiting--;
      if (this.#waiting === 0) this.#detach(result);
    }
  }

  cancel(): void {
    clearTimeout(this.#detachTimer);
    this.#stop.abort();
  }

  #detach(result: WaitResult): void {
    if (result === 'diverged') this.cancel();
    // The editor cancels the old request before it sends the new one.
    else if (result === 'aborted') this.#detachTimer = setTimeout(() => this.cancel(), DETACHED_MS);
  }
}

/** The running generation of each client: at most one, since a user has one cursor. */
export class InFlight {
  readonly #flights = new Map<string, Flight>();
  /** The work of each client that has begun and has not ended. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  current(clientKey: string): Flight | undefined {
    return this.#flights.get(clientKey);
  }

  /** Cancels a client's generation if it was started ahead of a request. */
  cancelAhead(clientKey: string): void {
    const flight = this.#flights.get(clientKey);
    if (flight?.isAhead) flight.cancel();
  }

  /** Cancels all generations that were started ahead of a request. */
  cancelAllAhead(): void {
    for (const clientKey of this.#flights.keys()) this.cancelAhead(clientKey);
  }

  /**
   * Resolves when no work of a client is running. Cancelled work takes a while to end, even if other work has replaced
   * it.
   */
  async ended(clientKey: string): Promise<void> {
    await this.#underWay.get(clientKey);
  }

  cancelAll(): void {
    for (const flight of this.#flights.values()) flight.cancel();
  }

  /** Starts work for a place, in place of the client's running work. */
  start(key: CacheKey, work: ConstructorParameters<typeof Flight>[1], isAhead = false): Flight {
    this.#flights.get(key.clientKey)?.cancel();
    const flight = new Flight(key, work, isAhead);
    this.#flights.set(key.clientKey, flight);
    const remove = (): void => {
      if (this.#flights.get(key.clientKey) === flight) this.#flights.delete(key.clientKey);
    };
    const ended = flight.finished.then(remove, remove);
    const all = Promise.all([this.#underWay.get(key.clientKey), ended]).then(() => {
      if (this.#underWay.get(key.clientKey) === all) this.#underWay.delete(key.clientKey);
    });
    this.#underWay.set(key.clientKey, all);
    return flight;
  }
}
