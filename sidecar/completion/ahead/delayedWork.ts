interface Scheduled<Details> {
  readonly delayMs: number;
  readonly details: Details;
  readonly work: (signal: AbortSignal) => Promise<void>;
}

interface Delayed<Details> {
  scheduled: Scheduled<Details>;
  readonly timer: NodeJS.Timeout;
  readonly abort: AbortController;
  state: 'waits' | 'underWay' | 'done';
}

/** Work that begins after a delay, at most one at a time for each client. Stopping the work aborts its signal. */
export class DelayedWork<Details = undefined> {
  readonly #clients = new Map<string, Delayed<Details>>();
  /** The begun work of each client, until it has ended. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  /** Returns the details of a client's work; `undefined` if it has none. */
  of(clientKey: string): Details | undefined {
    return this.#clients.get(clientKey)?.scheduled.details;
  }

  /** Schedules work in place of the client's former work. A failure of the work is ignored. */
  schedule(clientKey: string, scheduled: Scheduled<Details>): void {
    this.stop(clientKey);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      delayed.state = 'underWay';
      this.#note(
        clientKey,
        scheduled
          .work(abort.signal)
          .catch(() => undefined)
          .then(() => (delayed.state = 'done')),
      );
    }, scheduled.delayMs);
    timer.unref();
    const delayed: Delayed<Details> = { scheduled, timer, abort, state: 'waits' };
    this.#clients.set(clientKey, delayed);
  }

  /** Starts the delay of waiting work again. Stops work that has begun. */
  postpone(clientKey: string): void {
    const client = this.#clients.get(clientKey);
    if (client === undefined) return;
    if (client.state === 'waits') this.schedule(clientKey, client.scheduled);
    else this.stop(clientKey);
  }

  /** Starts the delay of all other clients' work again. Work that has begun is stopped, and begins again. */
  postponeOthers(clientKey: string): void {
    for (const [other, { scheduled, state }] of [...this.#clients])
      if (other !== clientKey && state !== 'done') this.schedule(other, scheduled);
  }

  /** Replaces the details of a client's work. */
  describe(clientKey: string, details: Details): void {
    const client = this.#clients.get(clientKey);
    if (client) client.scheduled = { ...client.scheduled, details };
  }

  stop(clientKey: string): void {
    const client = this.#clients.get(clientKey);
    if (client === undefined) return;
    clearTimeout(client.timer);
    client.abort.abort();
    this.#clients.delete(clientKey);
  }

  /** Resolves when a client's begun work has ended, which takes a while after a stop. */
  async ended(clientKey: string): Promise<void> {
    await this.#underWay.get(clientKey);
  }

  /** Stops the work for whose details `isMeant` returns true. */
  stopWhere(isMeant: (details: Details) => boolean): void {
    for (const [clientKey, { scheduled }] of this.#clients) if (isMeant(scheduled.details)) this.stop(clientKey);
  }

  #note(clientKey: string, work: Promise<unknown>): void {
    const all = Promise.all([this.#underWay.get(clientKey), work]).then(() => {
      if (this.#underWay.get(clientKey) === all) this.#underWay.delete(clientKey);
    });
    this.#underWay.set(clientKey, all);
  }
}
