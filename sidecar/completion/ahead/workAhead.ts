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
  /** Returns the number of requests that the engine works on. */
  readonly running: () => number;
  /** Whether the machine is to save power. */
  readonly isQuiet: () => boolean;
  /** Whether the client's settings allow reading ahead now. */
  readonly isReadAhead: (request: CompletionRequest) => boolean;
  /** Called when reading contexts begins and ends. */
  readonly onReading?: ((isReading: boolean) => void) | undefined;
  /** Generates completions for a place and puts them into the cache. */
  readonly generate: (place: NextPlace, run: MakeOptions) => Promise<void>;
  readonly log: (message: string) => void;
}

/**
 * Works for clients ahead of requests, within one budget. It prepares the completion that follows the visible one. It
 * reads the prompt where a cursor rests. In pauses it reads the whole context, also for a document that the user only
 * looks at.
 */
export class WorkAhead {
  /** The place of each client's last request. */
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

  /** Notes a client's request. In the next pause the whole context of its prompt is read. */
  asked(request: CompletionRequest, cursor: Cursor): void {
    this.#lastPlaces.set(request.clientKey, { request, cursor });
    this.#scheduleReading(request, cursor);
  }

  /** Notes that a client's user is at a new place. Stops preparing another place. */
  wentTo(key: CacheKey): void {
    if (!this.#next.isFor(key)) this.#next.stop(key.clientKey);
  }

  /** Notes a completion on the screen. */
  shown(request: CompletionRequest, completion: Completion): void {
    if (request.contextSettings?.readAhead !== false) this.#next.shown(request, completion);
  }

  /** Notes that a completion is not wanted. Stops preparing the completion that follows it. */
  dismissed(completionId: string): void {
    this.#next.dismissed(completionId);
  }

  /**
   * Notes a place where a client's cursor rests without a request. In the document of the client's last request its
   * prompt is evaluated at once. Another document is read in the next pause, without a loss of evaluated rows, since
   * the user may come back. Resolves when the immediate work ends.
   */
  async rests(request: CompletionRequest): Promise<void> {
    const { clientKey, uri } = request;
    const cursor = readCursor(request);
    if (cursor === undefined) return;
    const key = keyOf(request, cursor);
    // Typing loads a model. A move of the cursor does not.
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

  /** Notes that a client's user types. Postpones reading for all clients. Preparing completions continues. */
  typed(clientKey: string): void {
    this.#pauses.postpone(clientKey);
  }

  /** Stops reading and preparing for a client. */
  stop(clientKey: string): void {
    this.options.inFlight.cancelAhead(clientKey);
    this.#pauses.stop(clientKey);
    this.#next.stop(clientKey);
  }

  /** Stops reading and preparing for all clients. */
  stopAll(): void {
    this.options.inFlight.cancelAllAhead();
    this.#pauses.stopAll();
    this.#next.stopAll();
  }

  /** Stops the work for a client that left. Resolves when reading for it has ended. */
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

  /** Schedules reading a document that the user looks at. After it, reading the previous document continues. */
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

  /** Prepares completions for a place, unless the client has a request. */
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
