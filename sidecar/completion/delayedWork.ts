interface Delayed<Details> {
  readonly details: Details;
  readonly timer: NodeJS.Timeout;
  readonly abort: AbortController;
}

/** Work for clients, one at a time for each, that begins after a while; whatever ends it before, or while it is under way, aborts its signal. */
export class DelayedWork<Details = undefined> {
  readonly #clients = new Map<string, Delayed<Details>>();

  /** What is known of a client's work; undefined where there is none. */
  of(clientKey: string): Details | undefined {
    return this.#clients.get(clientKey)?.details;
  }

  /** Begins after `delayMs`, in place of the client's work before. How it fails is its own affair. */
  schedule(clientKey: string, { delayMs, details, work }: { readonly delayMs: number; readonly details: Details; readonly work: (signal: AbortSignal) => Promise<void> }): void {
    this.stop(clientKey);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      work(abort.signal).catch(() => undefined);
    }, delayMs);
    timer.unref();
    this.#clients.set(clientKey, { details, timer, abort });
  }

  /** Says something else of work that goes on. */
  describe(clientKey: string, details: Details): void {
    const client = this.#clients.get(clientKey);
    if (client) this.#clients.set(clientKey, { ...client, details });
  }

  stop(clientKey: string): void {
    const client = this.#clients.get(clientKey);
    if (client === undefined) return;
    clearTimeout(client.timer);
    client.abort.abort();
    this.#clients.delete(clientKey);
  }

  /** Ends the work of clients of whose details `isMeant` is true. */
  stopWhere(isMeant: (details: Details) => boolean): void {
    for (const [clientKey, { details }] of this.#clients) if (isMeant(details)) this.stop(clientKey);
  }
}
