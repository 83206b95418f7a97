import { randomUUID } from 'node:crypto';
import { type ModelSession, TroubleError } from '../engine/engine.ts';
import { type CompletionFeedback, type CompletionStatistics, type ContextResult, type ContextSnippet, MAX_DOCUMENT_UNITS, type WorkspaceContextSettings } from '../protocol/client.ts';
import type { LoadedModel } from '../protocol/engine.ts';
import { blockIndentation, isBehindHead } from './blocks.ts';
import { type CacheHit, type CacheKey, TypedThroughCache } from './cache.ts';
import { addDistinct, EXPLICIT_CANDIDATES, samplingOf } from './candidates.ts';
import { type Cursor, readCursor } from './cursor.ts';
import { AdaptiveDebounce, delay } from './debounce.ts';
import type { FimFormat } from './fim.ts';
import { generateText } from './generateText.ts';
import { type Flight, InFlight } from './inFlight.ts';
import { LastPrompts } from './lastPrompts.ts';
import { chooseExtent, type Extent } from './multiline.ts';
import { postprocess } from './postprocess/index.ts';
import type { PromptSpeedMemory } from './promptBudget.ts';
import { type ContextPrompt, PromptMaker } from './promptMaker.ts';
import { ReadAhead } from './readAhead.ts';
import type { Completion, CompletionRequest } from './request.ts';
import { StatisticsCounter } from './statistics.ts';
import { stopAfter, stopAtBlockEnd, stopAtLineEnd } from './stopping.ts';
import { worthCompleting } from './trigger.ts';

export type { Completion, CompletionRequest, NotebookCell, NotebookCells, SelectedCompletion } from './request.ts';

const DEFAULT_MIN_DEBOUNCE_MS = 20;
/** Whoever types on ends the request; whoever waits on a busy machine rather has it late than not at all. */
const DEFAULT_TIMEOUT_MS = 15_000;
/** Lines that take longer to write are not waited for. */
const MULTI_LINE_MS = 1500;
/** The likeliest text may be one that no filter lets through, such as the line above once more: then the next candidate gets a chance. */
const AUTOMATIC_ATTEMPTS = 2;
/** Tokens that only say again what healing took back. */
const HEALED_TOKENS = 4;

export interface CompletionServiceDependencies {
  readonly session: ModelSession;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly speeds?: PromptSpeedMemory;
  /** Told when contexts begin and end to be read ahead. */
  readonly onReadAhead?: (isReading: boolean) => void;
  /** Told what happened, in counts and times; never code. */
  readonly log?: (message: string) => void;
}

/** Inline completion: when to ask the model, what to ask, and what of its answer to show. */
export class CompletionService {
  readonly #session: ModelSession;
  readonly #now: () => number;
  readonly #log: (message: string) => void;
  readonly #cache = new TypedThroughCache();
  readonly #inFlight = new InFlight();
  readonly #statistics = new StatisticsCounter();
  readonly #debounces = new Map<string, AdaptiveDebounce>();
  readonly #prompts: PromptMaker;
  readonly #readAhead: ReadAhead;
  readonly #lastPrompts = new LastPrompts();

  constructor(dependencies: CompletionServiceDependencies) {
    this.#session = dependencies.session;
    this.#now = dependencies.now ?? (() => performance.now());
    this.#log = dependencies.log ?? (() => undefined);
    const { session, speeds } = dependencies;
    this.#prompts = new PromptMaker({ session, speeds, now: this.#now, onOtherModel: () => this.#cache.clear() });
    this.#readAhead = new ReadAhead(this.#now, dependencies.onReadAhead);
  }

  /** Completions for a cursor, best first; none where there is nothing worth showing or `signal` aborts. Throws `TroubleError`. */
  async complete(request: CompletionRequest, signal: AbortSignal): Promise<Completion[]> {
    const startedAt = this.#now();
    this.#statistics.requested();
    if (request.text.length > MAX_DOCUMENT_UNITS) {
      throw new TroubleError('document-too-large', `The document has ${request.text.length} UTF-16 units; completion takes documents of up to ${MAX_DOCUMENT_UNITS}.`);
    }
    const cursor = readCursor(request);
    // Whatever the model can do; what it cannot is known once it is loaded.
    if (cursor === undefined || (!request.explicit && !worthCompleting(cursor, true))) return [];
    const debounce = this.#debounceOf(request.clientKey);
    debounce.keystroke(startedAt);
    this.#readAhead.schedule(request.clientKey, (idle, limitMs) => this.#read(request, cursor, { signal: idle, limitMs }));
    const key: CacheKey = { clientKey: request.clientKey, uri: request.uri, before: cursor.before, after: cursor.after };

    const known = this.#lookUp(key, request.explicit);
    if (known !== undefined) return this.#answer(known, { cursor, startedAt, cached: true });
    const joined = await this.#joinFlight(key, request.explicit, signal);
    if (signal.aborted) return this.#cancelled();
    if (joined !== undefined) return this.#answer(joined, { cursor, startedAt, cached: false });

    if (!request.explicit) {
      const minimumMs = request.settings.minDebounceMs ?? DEFAULT_MIN_DEBOUNCE_MS;
      await delay(debounce.delayMs(minimumMs) - (this.#now() - startedAt), signal);
      if (signal.aborted) return this.#cancelled();
    }
    const flight = this.#inFlight.start(key, (flightSignal, onText) => this.#generate(request, cursor, key, { signal: flightSignal, onText }));
    const waited = await flight.wait(key, signal);
    if (signal.aborted) return this.#cancelled();
    debounce.answered(this.#now() - startedAt);
    const hit = waited === 'finished' ? this.#cache.find(key) : undefined;
    return this.#answer(hit, { cursor, startedAt, cached: false });
  }

  /** A client tells what became of a completion. */
  feedback(feedback: CompletionFeedback): void {
    this.#statistics.feedback(feedback);
  }

  statistics(): CompletionStatistics {
    return this.#statistics.read();
  }

  /** Drops what is remembered of a client that left, the engine's cache included. */
  async forgetClient(clientKey: string): Promise<void> {
    const flight = this.#inFlight.current(clientKey);
    flight?.cancel();
    this.#cache.forget(clientKey);
    this.#prompts.forget(clientKey);
    this.#readAhead.stop(clientKey);
    this.#lastPrompts.forget(clientKey);
    this.#debounces.delete(clientKey);
    // A sequence in use would be kept.
    await flight?.finished.catch(() => undefined);
    // A dead engine has forgotten the sequence already.
    await this.#session.engine.releaseSequence(sequenceOf(clientKey)).catch(() => undefined);
  }

  /** What is known already. A user who asks by command wants choices: one known candidate is not enough. */
  #lookUp(key: CacheKey, explicit: boolean): CacheHit | undefined {
    const hit = this.#cache.find(key);
    return explicit && (hit?.texts.length ?? 0) < 2 ? undefined : hit;
  }

  /** Waits for the work under way where it is about to say what is asked; ends it where not. */
  async #joinFlight(key: CacheKey, explicit: boolean, signal: AbortSignal): Promise<CacheHit | undefined> {
    const flight: Flight | undefined = this.#inFlight.current(key.clientKey);
    if (flight === undefined) return undefined;
    if (explicit || !flight.serves(key)) {
      flight.cancel();
      return undefined;
    }
    const waited = await flight.wait(key, signal);
    return waited === 'finished' ? this.#cache.find(key) : undefined;
  }

  /** Asks the model and puts what it said into the cache. */
  async #generate(request: CompletionRequest, cursor: Cursor, key: CacheKey, run: { signal: AbortSignal; onText: (text: string) => void }): Promise<void> {
    const model = await this.#session.model();
    const fim = await this.#prompts.fimOf(model);
    if (run.signal.aborted) return;
    if (!request.explicit && !worthCompleting(cursor, fim !== undefined)) return;

    const extent = chooseExtent(cursor, request.settings);
    const prompt = await this.#prompts.make({ request, cursor, model, fim, extent });
    const texts: string[] = [];
    let timedOut = false;
    const attempts = request.explicit ? EXPLICIT_CANDIDATES + 1 : AUTOMATIC_ATTEMPTS;
    const wanted = request.explicit ? EXPLICIT_CANDIDATES : 1;
    const deadline = this.#now() + (request.settings.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    for (let attempt = 0; attempt < attempts && texts.length < wanted; attempt++) {
      const timeoutMs = Math.round(deadline - this.#now());
      if (run.signal.aborted || timeoutMs <= 0) break;
      const candidate = await this.#candidate({ request, model, prompt, cursor, extent, attempt, timeoutMs, fim, key, ...run });
      if (candidate === undefined) break;
      if (candidate.text !== '') addDistinct(texts, candidate.text);
      timedOut ||= candidate.timedOut;
      if (!request.explicit && !candidate.filteredOut) break;
    }
    // That there was no time says nothing about the place.
    if (!run.signal.aborted && !(timedOut && texts.length === 0)) this.#cache.add(key, texts);
  }

  /** Evaluates the whole context and the document, for the next completion here. Gives the milliseconds that it took. */
  async #read(request: CompletionRequest, cursor: Cursor, { signal, limitMs }: { signal: AbortSignal; limitMs: number }): Promise<number> {
    const { clientKey, contextSettings: { readAhead = true } = {} } = request;
    if (!readAhead || request.workspace === undefined) return 0;
    const model = await this.#session.model();
    const prompt = await this.#prompts.make({ request, cursor, model, fim: await this.#prompts.fimOf(model), extent: chooseExtent(cursor, request.settings), isAhead: true });
    if (signal.aborted || prompt.context.length === 0 || this.#prompts.plans.isRead(clientKey)) return 0;
    const result = await this.#session.engine.generate(
      { sequence: sequenceOf(clientKey), priority: 'background', tokens: prompt.tokens, maxTokens: 0, sampling: { temperature: 0 }, timeoutMs: Math.round(limitMs), contextSet: request.contextSet },
      { signal },
    );
    this.#prompts.plans.readAhead(clientKey, Math.min(prompt.contextTokens, result.reusedTokens + result.evaluatedTokens));
    this.#log(`read ahead: ${result.reusedTokens} + ${result.evaluatedTokens} of ${prompt.tokens.length} prompt tokens in ${Math.round(result.promptMs)} ms (${result.stopReason})`);
    return result.promptMs;
  }

  /** Ends what is read ahead for a client. */
  stopReadingAhead(clientKey: string): void {
    this.#readAhead.stop(clientKey);
  }

  /** What stands in a client's prompts for a document, and what its last completion was made of. */
  async context(clientKey: string, uri: string, settings: WorkspaceContextSettings): Promise<Omit<ContextResult, 'index'>> {
    const model = await this.#session.model();
    const { snippets, isRead } = this.#prompts.plans.read(clientKey, uri);
    return {
      budgetTokens: this.#prompts.contextTokens(model, settings),
      snippets: snippets.map((planned): ContextSnippet => {
        const { uri: place, path, startLine, endLine, kind, reason } = planned.snippet;
        return { uri: place, path, lines: [startLine, endLine], kind, reason, tokens: planned.tokens.length, evaluated: isRead(planned) };
      }),
      last: this.#lastPrompts.read(clientKey, uri),
    };
  }

  async #candidate(options: {
    request: CompletionRequest;
    model: LoadedModel;
    prompt: ContextPrompt;
    cursor: Cursor;
    extent: Extent;
    attempt: number;
    timeoutMs: number;
    fim: FimFormat | undefined;
    key: CacheKey;
    signal: AbortSignal;
    onText: (text: string) => void;
  }): Promise<{ text: string; timedOut: boolean; filteredOut: boolean } | undefined> {
    const { prompt, cursor, extent, attempt, fim } = options;
    // A block's body begins on the next line; small models would rather chat on.
    const required = prompt.requiredPrefix + (extent.multiline && isBehindHead(cursor) ? '\n' : '');
    const generated = await generateText(
      this.#session.engine,
      {
        sequence: sequenceOf(options.key.clientKey),
        priority: 'completion',
        tokens: prompt.tokens,
        requiredPrefix: required || undefined,
        maxTokens: extent.maxTokens + HEALED_TOKENS,
        sampling: samplingOf(attempt),
        stop: fim?.end,
        timeoutMs: options.timeoutMs,
        contextSet: options.request.contextSet,
      },
      {
        signal: options.signal,
        takenBack: prompt.requiredPrefix,
        stopRule: extent.multiline ? stopAfter(MULTI_LINE_MS, stopAtBlockEnd(cursor.linePrefix, blockIndentation(cursor)), this.#now) : stopAtLineEnd,
        onText: attempt === 0 ? options.onText : undefined,
      },
    );
    if (generated === undefined) return undefined;
    const { result } = generated;
    this.#prompts.measured(options.model, result);
    const { clientKey, uri, text: documentText } = options.request;
    const text = postprocess(generated.text, { cursor, multiline: extent.multiline, ended: generated.ended });
    if (attempt === 0) this.#lastPrompts.note(clientKey, { uri, text: wordBefore(cursor.before) + text, documentText, promptTokens: prompt.tokens.length, contextTokens: prompt.contextTokens, context: prompt.context, result });
    this.#log(
      `completion: ${result.reusedTokens} + ${result.evaluatedTokens} prompt tokens in ${Math.round(result.promptMs)} ms, ` +
        `${result.tokens.length} tokens in ${Math.round(result.generateMs)} ms (${result.stopReason}), ${text.length} characters kept`,
    );
    return { text, timedOut: result.stopReason === 'timeout', filteredOut: text === '' && generated.text.trim() !== '' };
  }

  #answer(hit: CacheHit | undefined, options: { cursor: Cursor; startedAt: number; cached: boolean }): Completion[] {
    const { cursor, cached } = options;
    if (hit === undefined || hit.texts.length === 0) return [];
    this.#statistics.answered(this.#now() - options.startedAt, cached);
    return hit.texts.map((text) => ({
      id: randomUUID(),
      text: toEol(cursor.selectedText + text, cursor.eol),
      start: cursor.start,
      end: cursor.end + hit.overtype,
      cached,
    }));
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

/** One sequence for each client: nothing of one window's code serves another. */
function sequenceOf(clientKey: string): string {
  return `completion:${clientKey}`;
}

/** What stands of a word before the cursor: names in a completion may have begun there. */
function wordBefore(before: string): string {
  return /[\p{L}\p{N}_$]*$/u.exec(before.slice(-200))?.[0] ?? '';
}

function toEol(text: string, eol: string): string {
  return eol === '\n' ? text : text.replaceAll('\n', eol);
}
