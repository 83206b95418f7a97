import { type CacheKey, isSameKey, keyOf } from './cache.ts';
import { type Cursor, readCursor } from './cursor.ts';
import type { IdleBudget } from './idleBudget.ts';
import { afterAccepting, afterEnter } from './nextRequest.ts';
import type { Completion, CompletionRequest } from './request.ts';
import { worthCompleting } from './trigger.ts';

/** A person needs so long to see ghost text; who types on before that does not accept it. */
const SEEN_MS = 200;

/** Where a user is likely to be next. */
export interface NextPlace {
  readonly request: CompletionRequest;
  readonly cursor: Cursor;
  readonly key: CacheKey;
}

interface Preparation {
  readonly completionId: string;
  /** Once the completion is accepted, and once Enter is pressed then. */
  readonly places: readonly NextPlace[];
  readonly timer: NodeJS.Timeout;
  readonly abort: AbortController;
}

export interface NextCompletionOptions {
  readonly budget: IdleBudget;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Whether the engine has nothing to do. */
  readonly isIdle: () => boolean;
  /** What is known of a place: nothing, or how many candidates. */
  readonly known: (key: CacheKey) => number | undefined;
  /** Makes completions for a place until `signal` aborts. */
  readonly make: (place: NextPlace, signal: AbortSignal) => Promise<void>;
}

/**
 * While ghost text is on the screen, lets the completion be made that follows when it is accepted; where that is the end of a line, the next
 * line's. Only while the engine is idle and the budget lasts; dropped when the user goes anywhere else.
 */
export class NextCompletion {
  readonly #clients = new Map<string, Preparation>();

  constructor(private readonly options: NextCompletionOptions) {}

  /** Whether what is prepared for a client is for this very place. */
  isFor(key: CacheKey): boolean {
    return this.#clients.get(key.clientKey)?.places.some((place) => isSameKey(place.key, key)) === true;
  }

  /** A completion is on the screen. What is prepared for the place it leads to goes on: the user typed a part of it. */
  shown(request: CompletionRequest, completion: Completion): void {
    const accepted = afterAccepting(request, completion);
    const places = [accepted, afterEnter(accepted)].flatMap((next): NextPlace[] => {
      const cursor = next && readCursor(next);
      return next === undefined || cursor === undefined ? [] : [{ request: next, cursor, key: keyOf(next, cursor) }];
    });
    const [first] = places;
    if (first === undefined) return;
    const current = this.#clients.get(request.clientKey);
    if (current !== undefined && isSameKey(current.places[0]?.key ?? first.key, first.key)) {
      this.#clients.set(request.clientKey, { ...current, completionId: completion.id });
      return;
    }
    this.stop(request.clientKey);
    const abort = new AbortController();
    const timer = setTimeout(() => {
      this.#prepare(places, abort.signal).catch(() => undefined);
    }, SEEN_MS);
    timer.unref();
    this.#clients.set(request.clientKey, { completionId: completion.id, places, timer, abort });
  }

  /** The user is elsewhere, or left. */
  stop(clientKey: string): void {
    const client = this.#clients.get(clientKey);
    if (client === undefined) return;
    clearTimeout(client.timer);
    client.abort.abort();
    this.#clients.delete(clientKey);
  }

  /** The completion is not wanted: nor is what follows it. */
  dismissed(completionId: string): void {
    for (const [clientKey, client] of this.#clients) if (client.completionId === completionId) this.stop(clientKey);
  }

  async #prepare(places: readonly NextPlace[], signal: AbortSignal): Promise<void> {
    const { budget, isIdle, known, make, now } = this.options;
    for (const place of places) {
      if (known(place.key) === undefined && worthCompleting(place.cursor, true)) {
        if (signal.aborted || budget.allowanceMs() === 0 || !isIdle()) return;
        const startedAtMs = now();
        await make(place, signal).finally(() => budget.spend(now() - startedAtMs));
      }
      // Only where nothing is to be said at the end of a line, the next line is what the user sees next.
      if (known(place.key) !== 0) return;
    }
  }
}
