import { randomUUID } from 'node:crypto';
import type { ModelSession } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import {
  type CompletionFeedback,
  type CompletionStatistics,
  type ContextResult,
  type ContextSnippet,
  type LastCompletion,
  MAX_DOCUMENT_UNITS,
  type WorkspaceContextSettings,
} from '../protocol/client.ts';
import { type CacheHit, type CacheKey, keyOf, TypedThroughCache } from './completionCache.ts';
import { CandidateMaker, type MakeOptions } from './candidateMaker.ts';
import { ClientSequences } from './clientSequences.ts';
import { type Cursor, readCursor } from './cursor.ts';
import { AdaptiveDebounce, delay } from './debounce.ts';
import { type Flight, InFlight } from './inFlight.ts';
import type { PromptSpeedMemory } from './prompt/promptBudget.ts';
import { overtypedUnits } from './postprocess/closers.ts';
import { PromptMaker } from './prompt/promptMaker.ts';
import type { Completion, CompletionRequest } from './request.ts';
import { StatisticsCounter } from './statistics.ts';
import { worthCompleting } from './trigger.ts';
import { WorkAhead } from './ahead/workAhead.ts';
import { WorkspaceTexts } from './workspaceTexts.ts';

export type { Completion, CompletionRequest } from './request.ts';

const DEFAULT_MIN_DEBOUNCE_MS = 20;

export interface CompletionServiceDependencies {
  readonly session: ModelSession;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly speeds?: PromptSpeedMemory;
  /** The number of requests that the engine works on. By default the engine counts as idle. */
  readonly running?: () => number;
  /** Calls `listener` when the engine begins to work on another request. Returns a function that ends this. */
  readonly onRunning?: (listener: () => void) => () => void;
  /** Whether computing ahead of requests is off. By default it is on. */
  readonly isQuiet?: () => boolean;
  /** A counter that several services share. */
  readonly statistics?: StatisticsCounter;
  /** Called when reading ahead begins and ends. */
  readonly onReadAhead?: (isReading: boolean) => void;
  /** Called with log lines: counts and times, never code. */
  readonly log?: (message: string) => void;
}

/** Inline completion: when to ask the model, with which prompt, and which part of the answer to show. */
export class CompletionService {
  readonly #session: ModelSession;
  readonly #now: () => number;
  readonly #running: () => number;
  readonly #isQuiet: () => boolean;
  readonly #onRunning: (listener: () => void) => () => void;
  readonly #log: (message: string) => void;
  readonly #cache = new TypedThroughCache();
  readonly #inFlight = new InFlight();
  readonly #statistics: StatisticsCounter;
  readonly #debounces = new Map<string, AdaptiveDebounce>();
  readonly #prompts: PromptMaker;
  readonly #sequences: ClientSequences;
  readonly #candidates: CandidateMaker;
  readonly #ahead: WorkAhead;
  /** The last completion of each client, and its document. */
  readonly #last = new Map<string, { readonly uri: string; readonly explanation: LastCompletion }>();
  readonly #texts: WorkspaceTexts;
  #chosen: string | undefined;

  constructor(dependencies: CompletionServiceDependencies) {
    this.#session = dependencies.session;
    this.#chosen = this.#session.chosen;
    this.#statistics = dependencies.statistics ?? new StatisticsCounter();
    this.#now = dependencies.now ?? (() => performance.now());
    this.#log = dependencies.log ?? (() => undefined);
    this.#running = dependencies.running ?? (() => 0);
    this.#isQuiet = dependencies.isQuiet ?? (() => false);
    this.#onRunning = dependencies.onRunning ?? (() => () => undefined);
    const { session, speeds } = dependencies;
    const isReadAhead = ({ contextSettings }: CompletionRequest): boolean =>
      contextSettings?.readAhead !== false && !this.#isQuiet();
    this.#sequences = new ClientSequences({
      engine: session.engine,
      onLost: (document) => this.#prompts.lost(document),
    });
    this.#prompts = new PromptMaker({
      session,
      speeds,
      now: this.#now,
      newTokens: (document, tokens) => this.#sequences.newTokens(document, tokens),
      baseOf: (document) => this.#sequences.baseOf(document),
      isReadAhead,
      onLoaded: (model) => {
        this.#texts.clear();
        this.#sequences.loaded(model);
      },
      onOtherModel: () => this.#cache.clear(),
    });
    this.#texts = new WorkspaceTexts(session.engine);
    this.#candidates = new CandidateMaker({
      session,
      prompts: this.#prompts,
      sequences: this.#sequences,
      texts: this.#texts,
      now: this.#now,
      log: this.#log,
    });
    this.#ahead = new WorkAhead({
      session,
      prompts: this.#prompts,
      sequences: this.#sequences,
      texts: this.#texts,
      inFlight: this.#inFlight,
      cache: this.#cache,
      statistics: this.#statistics,
      now: this.#now,
      running: this.#running,
      isQuiet: this.#isQuiet,
      isReadAhead,
      onReading: dependencies.onReadAhead,
      generate: ({ request, cursor, key }, run) => this.#generate(request, cursor, key, run),
      log: this.#log,
    });
  }

  /**
   * Returns the completions for a cursor, best first. The list is empty if there is nothing worth showing or `signal`
   * aborts. `onOutOfTime` is called if the time limit cut off the first completion or left none. Rejects with
   * `TroubleError`.
   */
  async complete(request: CompletionRequest, signal: AbortSignal, onOutOfTime?: () => void): Promise<Completion[]> {
    const startedAt = this.#now();
    this.#statistics.requested();
    // The client may have left while a server answered. Then no event would clear the client's state again.
    if (signal.aborted) return this.#cancelled();
    this.#ahead.typed(request.clientKey);
    if (request.text.length > MAX_DOCUMENT_UNITS) {
      throw new TroubleError(
        'document-too-large',
        `The document has ${request.text.length} UTF-16 units; completion takes documents of up to ${MAX_DOCUMENT_UNITS}.`,
      );
    }
    const cursor = readCursor(request);
    // Assumes that the model can fill gaps. The real check follows once it is loaded.
    if (cursor === undefined || (!request.explicit && !worthCompleting(cursor, true))) {
      this.stopReadingAhead(request.clientKey);
      return [];
    }
    const debounce = this.#debounceOf(request.clientKey);
    debounce.keystroke(startedAt);
    this.#ahead.asked(request, cursor);
    const key = keyOf(request, cursor);

    this.#dropOtherModels();
    const known = this.#lookUp(key, request.explicit);
    if ((known?.texts.length ?? 0) === 0) this.#ahead.wentTo(key);
    if (known !== undefined) return this.#answer(known, { request, cursor, startedAt, cached: true });
    const joined = await this.#joinFlight(key, request.explicit, signal);
    if (signal.aborted) return this.#cancelled();
    if (joined !== undefined) return this.#answer(joined, { request, cursor, startedAt, cached: false });

    if (!request.explicit) {
      const minimumMs = request.settings.minDebounceMs ?? DEFAULT_MIN_DEBOUNCE_MS;
      await delay(debounce.delayMs(minimumMs) - (this.#now() - startedAt), signal);
      if (signal.aborted) return this.#cancelled();
    }
    const flight = this.#inFlight.start(key, (flightSignal, onText) =>
      this.#generate(request, cursor, key, { signal: flightSignal, onText, onOutOfTime }),
    );
    const waited = await flight.wait(key, signal);
    if (signal.aborted) return this.#cancelled();
    debounce.answered(this.#now() - startedAt);
    const hit = waited === 'finished' ? this.#cache.find(key) : undefined;
    return this.#answer(hit, { request, cursor, startedAt, cached: false });
  }

  /**
   * Handles a client's cursor that rests without a request. Resolves when the work for it has finished or was
   * cancelled.
   */
  async cursorRests(request: CompletionRequest): Promise<void> {
    await this.#ahead.rests(request);
  }

  /** Takes a client's report on how a completion was used. */
  feedback(feedback: CompletionFeedback): void {
    this.#statistics.feedback(feedback);
    if (feedback.kind === 'dismissed') this.#ahead.dismissed(feedback.completionId);
  }

  statistics(): CompletionStatistics {
    return this.#statistics.read();
  }

  /** Drops the completions made under former rules, since a client's files may now be read by other rules. */
  workspaceReset(clientKey: string): void {
    this.#ahead.stop(clientKey);
    this.#texts.drop(this.#sequences.texts(clientKey), clientKey).catch(() => undefined);
    this.#inFlight.current(clientKey)?.cancel();
    this.#cache.forget(clientKey);
    this.#last.delete(clientKey);
  }

  /** Drops all state of a client that left, including the engine's sequences. */
  async forgetClient(clientKey: string): Promise<void> {
    const endedAhead = this.#ahead.forget(clientKey);
    this.#inFlight.current(clientKey)?.cancel();
    this.#cache.forget(clientKey);
    this.#last.delete(clientKey);
    this.#debounces.delete(clientKey);
    // The engine keeps a sequence that is in use, so running work must end first.
    await Promise.all([this.#inFlight.ended(clientKey), endedAhead]);
    // A running request would have remembered its prompt again.
    this.#prompts.forget(clientKey);
    const [names, texts] = [this.#sequences.names(clientKey), this.#sequences.texts(clientKey)];
    this.#sequences.forget(clientKey);
    // A crashed engine has no sequences to release.
    const { engine } = this.#session;
    for (const name of names) await engine.releaseSequence(name).catch(() => undefined);
    await this.#texts.drop(texts, clientKey).catch(() => undefined);
  }

  /** Drops completions of the former model, finished or running, after a change of the model. */
  #dropOtherModels(): void {
    const { chosen } = this.#session;
    if (chosen === this.#chosen) return;
    this.#chosen = chosen;
    this.#cache.clear();
    this.#inFlight.cancelAll();
  }

  /** Looks up a completion. A user who asks by command wants a choice, so one known candidate is not enough. */
  #lookUp(key: CacheKey, explicit: boolean): CacheHit | undefined {
    const hit = this.#cache.find(key);
    return explicit && (hit?.texts.length ?? 0) < 2 ? undefined : hit;
  }

  /** Waits for the running generation if its text matches. Cancels it otherwise. */
  async #joinFlight(key: CacheKey, explicit: boolean, signal: AbortSignal): Promise<CacheHit | undefined> {
    const flight: Flight | undefined = this.#inFlight.current(key.clientKey);
    if (flight === undefined) return undefined;
    // Work ahead of requests runs last. If other requests wait too, a new request is faster.
    const isSlow = (): boolean => flight.isAhead && this.#running() > 1;
    if (explicit || isSlow() || !flight.serves(key)) {
      flight.cancel();
      return undefined;
    }
    const stopListening = this.#onRunning(() => {
      if (isSlow()) flight.cancel();
    });
    try {
      const waited = await flight.wait(key, signal);
      return waited === 'finished' ? this.#cache.find(key) : undefined;
    } finally {
      stopListening();
    }
  }

  /** Asks the model and puts the completions into the cache. */
  async #generate(request: CompletionRequest, cursor: Cursor, key: CacheKey, run: MakeOptions): Promise<void> {
    const { chosen } = this.#session;
    await this.#texts.dropGone(this.#sequences.texts(key.clientKey), request);
    const made = await this.#candidates.make(request, cursor, run);
    if (made === undefined || this.#session.chosen !== chosen) return;
    this.#cache.add(
      key,
      made.texts,
      made.texts.map((text) => overtypedUnits(text, cursor)),
      made.explanation,
    );
  }

  /** Postpones reading ahead, because a user edited a document. Prepared completions stay. */
  documentChanged(clientKey: string): void {
    this.#ahead.typed(clientKey);
  }

  /** Stops all work ahead of requests when quiet mode begins. */
  quietnessChanged(): void {
    if (this.#isQuiet()) this.#ahead.stopAll();
  }

  /** Stops reading and preparing ahead for a client. */
  stopReadingAhead(clientKey: string): void {
    this.#ahead.stop(clientKey);
  }

  /** Returns the snippets in a client's prompts for a document, and the sources of its last completion. */
  async context(
    clientKey: string,
    uri: string,
    settings: WorkspaceContextSettings,
  ): Promise<Omit<ContextResult, 'index'>> {
    const last = this.#last.get(clientKey);
    const model = await this.#session.model();
    const { snippets, isRead, plannedTokens } = this.#prompts.plans.read({ clientKey, uri });
    return {
      budgetTokens: this.#prompts.contextTokens(model, settings),
      plannedTokens,
      snippets: snippets.map((planned): ContextSnippet => {
        const { uri: place, path, startLine, endLine, kind, reason } = planned.snippet;
        return {
          uri: place,
          path,
          lines: [startLine, endLine],
          kind,
          reason,
          tokens: planned.tokens.length,
          evaluated: isRead(planned),
        };
      }),
      last: last?.uri === uri ? last.explanation : undefined,
    };
  }

  #answer(
    hit: CacheHit | undefined,
    options: { request: CompletionRequest; cursor: Cursor; startedAt: number; cached: boolean },
  ): Completion[] {
    const {
      request: { clientKey, uri },
      cursor,
      cached,
    } = options;
    if (hit?.explanation !== undefined) this.#last.set(clientKey, { uri, explanation: hit.explanation });
    if (hit === undefined || hit.texts.length === 0) return [];
    this.#statistics.answered(this.#now() - options.startedAt, cached);
    const completions = hit.texts.map((text, index) => ({
      id: randomUUID(),
      text: toEol(cursor.selectedText + text, cursor.eol),
      start: cursor.start,
      end: cursor.end + (hit.overtypes[index] ?? 0),
      cached,
    }));
    const [shown] = completions;
    if (shown !== undefined) this.#ahead.shown(options.request, shown);
    return completions;
  }

  #cancelled(): Completion[] {
    this.#statistics.cancelled();
    return [];
  }

  #debounceOf(clientKey: string): AdaptiveDebounce {
    let debounce = this.#debounces.get(clientKey);
    if (debounce === undefined) this.#debounces.set(clientKey, (debounce = new AdaptiveDebounce()));
    return debounce;
  }
}

function toEol(text: string, eol: string): string {
  return text.replaceAll(/\r?\n/g, eol);
}
