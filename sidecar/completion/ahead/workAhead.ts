import type { ModelSession } from '../../engine/engine.ts';
import { type CacheKey, keyOf, type TypedThroughCache } from '../completionCache.ts';
import type { MakeOptions } from '../candidateMaker.ts';
import type { ClientSequences } from '../clientSequences.ts';
import { ContextReader } from './contextReader.ts';
import { type Cursor, readCursor } from '../cursor.ts';
import { CursorReader } from './cursorReader.ts';
import { IdleBudget } from './idleBudget.ts';
import type { InFlight } from '../inFlight.ts';
import { NextCompletion, type NextPlace } from './nextCompletion.ts';
import type { PromptMaker } from '../prompt/promptMaker.ts';
import { NOTHING_TO_READ, ReadAhead, type ReadingResult } from './readAhead.ts';
import type { Completion, CompletionRequest } from '../request.ts';
import type { StatisticsCounter } from '../statistics.ts';
import { worthCompleting } from '../trigger.ts';
import type { WorkspaceTexts } from '../workspaceTexts.ts';

export interface WorkAheadOptions {
  readonly session: ModelSession;
  readonly prompts: PromptMaker;
  readonly sequences: ClientSequences;
  readonly texts: WorkspaceTexts;
  readonly inFlight: InFlight;
  readonly cache: TypedThroughCache;
  readonly statistics: StatisticsCounter;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Requests that the engine works on. */
  readonly running: () => number;
  /** Whether the machine is to be spared. */
  readonly isQuiet: () => boolean;
  /** Whether contexts and places are read for who asks so. */
  readonly isReadAhead: (request: CompletionRequest) => boolean;
  /** Told when contexts begin and end to be read. */
  readonly onReading?: ((isReading: boolean) => void) | undefined;
  /** Puts what the model says of a place into the cache. */
  readonly generate: (place: NextPlace, run: MakeOptions) => Promise<void>;
  readonly log: (message: string) => void;
}

/**
 * What is done for clients before anybody asks, of one budget: the completion behind the one on the screen is made, the
 * place where a cursor rests is read, and in pauses the whole context is, also of a document that the user only looks
 * at.
 */
export class WorkAhead {
  /** Where each client asked last. */
  readonly #lastPlaces = new Map<string, { readonly request: CompletionRequest; readonly cursor: Cursor }>();
  readonly #contexts: ContextReader;
  readonly #pauses: ReadAhead;
  readonly #cursors: CursorReader;
  readonly #next: NextCompletion;

  constructor(private readonly options: WorkAheadOptions) {
    const { cache, running, isQuiet, now, statistics, onReading } = options;
    const budget = new IdleBudget(now);
    this.#contexts = new ContextReader(options);
    this.#pauses = new ReadAhead(budget, onReading);
    this.#cursors = new CursorReader({
      ...options,
      budget,
      isIdle: () => running() === 0,
      onRead: () => statistics.placeRead(),
    });
    this.#next = new NextCompletion({
      budget,
      now,
      isIdle: () => running() === 0 && !isQuiet(),
      known: (key) => cache.find(key)?.texts.length,
      make: (place, signal) => this.#make(place, signal),
    });
  }

  /** A client asks for completions: when it does nothing for a while, what such a prompt would hold at best is read. */
  asked(request: CompletionRequest, cursor: Cursor): void {
    this.#lastPlaces.set(request.clientKey, { request, cursor });
    this.#scheduleReading(request, cursor);
  }

  /** A client's user is at a place of which nothing is known: what is made for another one is not wanted. */
  wentTo(key: CacheKey): void {
    if (!this.#next.isFor(key)) this.#next.stop(key.clientKey);
  }

  /** A completion is on the screen. */
  shown(request: CompletionRequest, completion: Completion): void {
    if (request.contextSettings?.readAhead !== false) this.#next.shown(request, completion);
  }

  /** The completion is not wanted: nor is what follows it. */
  dismissed(completionId: string): void {
    this.#next.dismissed(completionId);
  }

  /**
   * A client's cursor rests where nobody asked for anything: what a request there would need is evaluated, in the
   * document that the client's last request was for. Who looks into another one may come back, and nothing that is
   * evaluated is lost for that: there it is read in the next pause. Resolves when what is done at once is done, or
   * ended.
   */
  async rests(request: CompletionRequest): Promise<void> {
    const { clientKey, uri } = request;
    const cursor = readCursor(request);
    if (cursor === undefined) return;
    const key = keyOf(request, cursor);
    // A model is loaded for who types, not for who looks around.
    const mayRead = this.options.session.loaded !== undefined && this.options.isReadAhead(request);
    if (this.#lastPlaces.get(clientKey)?.request.uri !== uri) {
      this.wentTo(key);
      if (mayRead) this.#scheduleVisit(request, cursor);
      return;
    }
    if (!worthCompleting(cursor, true) || this.options.cache.find(key) !== undefined) return;
    this.wentTo(key);
    if (!mayRead) return;
    // The whole context can wait for the next pause.
    this.#scheduleReading(request, cursor);
    await this.#pauses.ended(clientKey);
    // The user may be in another document by now, or have left.
    if (this.#lastPlaces.get(clientKey)?.request.uri !== uri) return;
    await this.#cursors.read(request, cursor, key);
  }

  /**
   * A client's user types, whether or not there is a completion to be asked for: nothing is read just now, for no
   * client. What is made stays.
   */
  typed(clientKey: string): void {
    this.#pauses.postpone(clientKey);
  }

  /** Ends what is read and made for a client. */
  stop(clientKey: string): void {
    this.options.inFlight.cancelAhead(clientKey);
    this.#pauses.stop(clientKey);
    this.#next.stop(clientKey);
  }

  /** Ends what is read and made for all clients. */
  stopAll(): void {
    this.options.inFlight.cancelAllAhead();
    this.#pauses.stopAll();
    this.#next.stopAll();
  }

  /** Ends it for a client that left. Resolves when nothing is read for it. */
  async forget(clientKey: string): Promise<void> {
    this.stop(clientKey);
    this.#lastPlaces.delete(clientKey);
    await this.#pauses.ended(clientKey);
  }

  #scheduleReading(request: CompletionRequest, cursor: Cursor): void {
    this.#pauses.schedule(request.clientKey, (signal, limitMs) =>
      this.#read(request, cursor, { signal, limitMs, isVisit: false }),
    );
  }

  /** When the document that is looked at is read, what was to be read of the one before it goes on. */
  #scheduleVisit(request: CompletionRequest, cursor: Cursor): void {
    const { clientKey } = request;
    const last = this.#lastPlaces.get(clientKey);
    this.#pauses.schedule(clientKey, async (signal, limitMs) => {
      const result = await this.#read(request, cursor, { signal, limitMs, isVisit: true });
      if (result.isDone && !signal.aborted && last !== undefined) this.#scheduleReading(last.request, last.cursor);
      return result;
    });
  }

  async #read(
    request: CompletionRequest,
    cursor: Cursor,
    how: Parameters<ContextReader['read']>[2],
  ): Promise<ReadingResult> {
    return this.options.isReadAhead(request) ? this.#contexts.read(request, cursor, how) : NOTHING_TO_READ;
  }

  /** Makes what nobody asked for yet, unless there is something that somebody did. */
  async #make(place: NextPlace, signal: AbortSignal): Promise<void> {
    const { inFlight, generate, cache, statistics } = this.options;
    const { key } = place;
    if (inFlight.current(key.clientKey) !== undefined) return;
    const flight = inFlight.start(
      key,
      (flightSignal, onText) => generate(place, { signal: flightSignal, onText, isAhead: true }),
      true,
    );
    const cancel = (): void => flight.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      await flight.finished;
      if (!flight.cancelled && cache.find(key) !== undefined) statistics.prepared();
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}
