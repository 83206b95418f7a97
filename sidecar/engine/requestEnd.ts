import { EndedEarly } from './generation.ts';

/** Ends a request early: at its timeout, when one of `sources` aborts, or when `expire` is called. */
export class RequestEnd implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(
    timeoutMs: number | undefined,
    private readonly sources: readonly (AbortSignal | undefined)[],
  ) {
    this.#timer = timeoutMs === undefined ? undefined : setTimeout(this.expire, timeoutMs);
    for (const source of sources) {
      if (source?.aborted) this.#cancel();
      source?.addEventListener('abort', this.#cancel, { once: true });
    }
  }

  /** Aborts when the request has to end. Its reason is always `EndedEarly`. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the request with stopReason 'timeout'. So ends a request that loses its slot, which no client cancelled. */
  readonly expire = (): void => this.#controller.abort(new EndedEarly('timeout'));

  /** Ends nothing from now on. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const source of this.sources) source?.removeEventListener('abort', this.#cancel);
  }

  readonly #cancel = (): void => this.#controller.abort(new EndedEarly('cancelled'));
}
