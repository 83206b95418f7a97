import type { IndexThread } from './indexThread.ts';

export interface ClientIndexOptions {
  /** Names this client's index. */
  readonly key: string;
  readonly thread: IndexThread;
  /** Counts and times; never names or code. */
  readonly log?: (line: string) => void;
}

/** One client's index in the thread that holds them all. */
export class ClientIndex {
  #closed = false;

  constructor(private readonly options: ClientIndexOptions) {}

  /** `undefined` where the index failed: completions go on without it. */
  async ask(method: Parameters<IndexThread['ask']>[0], params: object): Promise<unknown> {
    return this.options.thread.ask(method, { workspace: this.options.key, ...params }).catch((error: unknown) => {
      if (!this.#closed)
        this.options.log?.(`index: ${method} failed (${error instanceof Error ? error.message : typeof error})`);
      return undefined;
    });
  }

  /** Nobody is told of failures any more. */
  close(): void {
    this.#closed = true;
  }
}
