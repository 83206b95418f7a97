import { type CacheKey, isSameKey, keyOf } from '../completionCache.ts';
import { type Cursor, readCursor } from '../cursor.ts';
import { DelayedWork } from './delayedWork.ts';
import type { IdleBudget } from './idleBudget.ts';
import { afterAccepting, afterEnter } from './nextRequest.ts';
import type { Completion, CompletionRequest } from '../request.ts';
import { worthCompleting } from '../trigger.ts';

/** The time that a person needs to see ghost text. A user who types before that does not accept it. */
const SEEN_MS = 200;

/** Where a user is likely to be next. */
export interface NextPlace {
  readonly request: CompletionRequest;
  readonly cursor: Cursor;
  readonly key: CacheKey;
}

interface Preparation {
  readonly completionId: string;
  /** The places after the completion is accepted, and after Enter is pressed then. */
  readonly places: readonly NextPlace[];
}

export interface NextCompletionOptions {
  readonly budget: IdleBudget;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Whether the engine has nothing to do. */
  readonly isIdle: () => boolean;
  /** Returns the number of known candidates for a place; `undefined` if nothing is known. */
  readonly known: (key: CacheKey) => number | undefined;
  /** Makes completions for a place until `signal` aborts. */
  readonly make: (place: NextPlace, signal: AbortSignal) => Promise<void>;
}

/**
 * While ghost text is on the screen, prepares the completion that follows if the user accepts it, or at the end of a
 * line presses Enter then. It works only while the engine is idle and the budget lasts. It stops when the user goes
 * elsewhere.
 */
export class NextCompletion {
  readonly #work = new DelayedWork<Preparation>();

  constructor(private readonly options: NextCompletionOptions) {}

  /** Whether a completion is being prepared for this very place. */
  isFor(key: CacheKey): boolean {
    return this.#work.of(key.clientKey)?.places.some((place) => isSameKey(place.key, key)) === true;
  }

  /** Notes a completion on the screen. If the user typed a part of it, preparing the same place continues. */
  shown(request: CompletionRequest, completion: Completion): void {
    const accepted = afterAccepting(request, completion);
    const places = [accepted, afterEnter(accepted)].flatMap((next): NextPlace[] => {
      const cursor = next && readCursor(next);
      return next === undefined || cursor === undefined ? [] : [{ request: next, cursor, key: keyOf(next, cursor) }];
    });
    const [first] = places;
    if (first === undefined) return;
    const { clientKey } = request;
    const current = this.#work.of(clientKey);
    if (current !== undefined && isSameKey(current.places[0]?.key ?? first.key, first.key)) {
      this.#work.describe(clientKey, { ...current, completionId: completion.id });
      return;
    }
    this.#work.schedule(clientKey, {
      delayMs: SEEN_MS,
      details: { completionId: completion.id, places },
      work: (signal) => this.#prepare(places, signal),
    });
  }

  /** The user is elsewhere, or left. */
  stop(clientKey: string): void {
    this.#work.stop(clientKey);
  }

  /** Nobody is to have anything prepared. */
  stopAll(): void {
    this.#work.stopWhere(() => true);
  }

  /** The completion is not wanted: nor is what follows it. */
  dismissed(completionId: string): void {
    this.#work.stopWhere((preparation) => preparation.completionId === completionId);
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
