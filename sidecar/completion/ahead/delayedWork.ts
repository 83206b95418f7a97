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

/**
 * Work for clients, one at a time for each, that begins after a while; whatever ends it before, or while it is under
 * way, aborts its signal.
 */
export class DelayedWork<Details = undefined> {
  readonly #clients = new Map<string, Delayed<Details>>();
  /** What has begun of each client, until it has ended. */
  readonly #underWay = new Map<string, Promise<unknown>>();

  /** What is known of a client's work; undefined where there is none. */
  of(clientKey: string): Details | undefined {
    return this.#clients.get(clientKey)?.scheduled.details;
  }

  /** Begins after `delayMs`, in place of the client's work before. How it fails is its own affair. */
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

  /** Lets work that has not begun wait anew, and ends work that has. */
  postpone(clientKey: string): void {
    const client = this.#clients.get(clientKey);
    if (client === undefined) return;
    if (client.state === 'waits') this.schedule(clientKey, client.scheduled);
    else this.stop(clientKey);
  }

  /** Lets the work of all other clients wait anew. What is under way is ended, and begins again. */
  postponeOthers(clientKey: string): void {
    for (const [other, { scheduled, state }] of [...this.#clients])
      if (other !== clientKey && state !== 'done') this.schedule(other, scheduled);
  }

  /** Says something else of work that goes on. */
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

  /** Resolves when nothing of a client's work is under way: what is stopped takes a while to end. */
  async ended(clientKey: string): Promise<void> {
    await this.#underWay.get(clientKey);
  }

  /** Ends the work of clients of whose details `isMeant` is true. */
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
