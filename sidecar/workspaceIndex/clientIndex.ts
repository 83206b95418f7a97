import type { IndexThread } from './indexThread.ts';

export interface ClientIndexOptions {
  /** Identifies this client's index. */
  readonly key: string;
  readonly thread: IndexThread;
  /** Logs counts and times, never names or code. */
  readonly log?: (line: string) => void;
}

/** A client's index in the thread that holds all indexes. */
export class ClientIndex {
  #closed = false;

  constructor(private readonly options: ClientIndexOptions) {}

  /** Asks the index. Resolves with `undefined` if it failed, so that completions go on without it. */
  async ask(method: Parameters<IndexThread['ask']>[0], params: object): Promise<unknown> {
    return this.options.thread.ask(method, { workspace: this.options.key, ...params }).catch((error: unknown) => {
      if (!this.#closed)
        this.options.log?.(`index: ${method} failed (${error instanceof Error ? error.message : typeof error})`);
      return undefined;
    });
  }

  /** Stops logging failures. */
  close(): void {
    this.#closed = true;
  }
}
