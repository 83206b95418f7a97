import { performance } from 'node:perf_hooks';
import {
  MAX_TEXT_TOKENS,
  type EngineGenerateResult,
  type ForgetContextsParams,
  type GenerateChunk,
  type SetTextsParams,
  type TokenId,
} from '../protocol/engine.ts';
import {
  SequenceMemoryError,
  type Backend,
  type BackendSequence,
  type CompiledGrammar,
  type GrammarSource,
} from '../models/backend.ts';
import { ChunkSizer } from './chunkSizer.ts';
import { ContextKeeper } from './contextKeeper.ts';
import { copyRows } from './copyRows.ts';
import { TroubleError } from '../common/troubleError.ts';
import { EndedEarly, Generation, type ChunkSizers, type GenerateRequest, type IndexedTexts } from './generation.ts';
import { NgramIndex } from '../models/decoding/ngramIndex.ts';
import { SequenceTable } from './sequenceTable.ts';
import { TokenIndex } from '../models/decoding/tokenHealing.ts';
import { Turns } from './turns.ts';

/**
 * One evaluation of a prompt's chunk that computes to its end; what a cancelled or preempted request may still take.
 */
const SHORT_CHUNK_MS = 60;
const SHORT_MIN_TOKENS = 4;
/**
 * One that ends when it has to; what a preempted request may lose. From 64 tokens on attention is computed in tiles,
 * which deep contexts need.
 */
const INTERRUPTIBLE_CHUNK_MS = 800;
const INTERRUPTIBLE_MIN_TOKENS = 64;

/** What the engine did lately. */
export interface SchedulerStatistics {
  /** Of the last request that generated at least a few tokens. */
  readonly tokensPerSecond?: number;
  readonly promptTokensPerSecond?: number;
  /** Tokens in the sequence used last. */
  readonly contextUsedTokens: number;
  /** Of these those whose keys and values are still there, where that is not all. */
  readonly contextKeptTokens?: number;
}

interface AttemptOptions {
  readonly grammar: CompiledGrammar | undefined;
  readonly ending: Ending;
  readonly onChunk: ((chunk: Omit<GenerateChunk, 'requestId'>) => void) | undefined;
}

/** Runs requests on a backend's sequences, the most urgent first. */
export class Scheduler {
  readonly #turns = new Turns();
  readonly #sequences: SequenceTable<BackendSequence>;
  readonly #chunkSizers: ChunkSizers;
  readonly #keeper: ContextKeeper;
  readonly #texts = new Map<string, IndexedTexts>();
  #index: TokenIndex | undefined;
  #statistics: SchedulerStatistics = { contextUsedTokens: 0 };
  readonly #shutdown = new AbortController();

  constructor(
    private readonly backend: Backend,
    options: {
      readonly attentionCostSlope: number;
      readonly log?: (line: string) => void;
      /** See `ContextKeeper`. */ readonly idleMs?: number;
    },
  ) {
    this.#sequences = new SequenceTable(backend.sequences, this.#turns);
    this.#keeper = new ContextKeeper({
      turns: this.#turns,
      log: options.log ?? (() => undefined),
      idleMs: options.idleMs,
    });
    const sizer = (targetMs: number, minTokens: number): ChunkSizer =>
      new ChunkSizer({ targetMs, minTokens, maxTokens: backend.batchTokens, priorSlope: options.attentionCostSlope });
    this.#chunkSizers = {
      short: sizer(SHORT_CHUNK_MS, SHORT_MIN_TOKENS),
      interruptible: backend.isInterruptible ? sizer(INTERRUPTIBLE_CHUNK_MS, INTERRUPTIBLE_MIN_TOKENS) : undefined,
    };
  }

  /** Throws `TroubleError` 'context-overflow' or 'invalid-input'. */
  async generate(
    request: GenerateRequest,
    options: {
      readonly onChunk?: (chunk: Omit<GenerateChunk, 'requestId'>) => void;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<EngineGenerateResult> {
    this.#check(request);
    const grammarSource = grammarOf(request);
    const grammar = grammarSource && (await this.backend.grammar(grammarSource));
    this.backend.beQuiet(request.quiet === true);
    const startedAt = performance.now();
    const ending = endingSignal(request.timeoutMs, [options.signal, this.#shutdown.signal]);
    try {
      return await this.#attempt(request, { grammar, ending, onChunk: options.onChunk });
    } catch (error) {
      if (!(error instanceof EndedEarly)) throw error;
      const waitedMs = performance.now() - startedAt;
      return {
        tokens: [],
        text: '',
        stopReason: error.stopReason,
        reusedTokens: 0,
        evaluatedTokens: 0,
        promptMs: waitedMs,
        generateMs: 0,
      };
    } finally {
      ending.release();
    }
  }

  /**
   * One sequence's try at a request, and where there is no memory for it the next, within what is left of the request's
   * time. Throws `EndedEarly` too.
   */
  async #attempt(request: GenerateRequest, options: AttemptOptions): Promise<EngineGenerateResult> {
    const { ending, grammar } = options;
    const visit = this.#keeper.begin(request.contextSet);
    let hasAnswered = false;
    try {
      const lease = await this.#sequences.acquire(
        {
          name: request.sequence,
          priority: request.priority,
          beside: request.copyFrom,
          isSpare: request.isSpare,
          giveWay: ending.giveWay,
        },
        ending.signal,
      );
      // Until its first turn comes the sequence holds what another request left.
      let hasBegun = false;
      const turn = <T>(step: (preempted: AbortSignal) => Promise<T>): Promise<T> =>
        this.#turns.run(lease.ticket, ending.signal, (preempted) => {
          if (!hasBegun) this.#keeper.use(lease.sequence);
          hasBegun = true;
          return step(preempted);
        });
      let isSound = true;
      try {
        if (!lease.isWarm) {
          await this.#keeper.letGo(lease.sequence, request.priority, ending.signal);
          await turn(() => lease.sequence.truncate(0));
        }
        const generation = new Generation(
          request,
          {
            backend: this.backend,
            sequence: lease.sequence,
            chunkSizers: this.#chunkSizers,
            tokenIndex: () => (this.#index ??= new TokenIndex(this.backend.vocabulary)),
            signal: ending.signal,
            turn,
            onChunk: (chunk) => {
              hasAnswered = true;
              options.onChunk?.(chunk);
            },
            texts: request.texts === undefined ? undefined : this.#texts.get(request.texts),
            copy: async (tokens) => {
              const source = request.copyFrom === undefined ? undefined : this.#sequences.peek(request.copyFrom);
              return source === undefined || lease.name !== request.sequence
                ? 0
                : copyRows(lease.sequence, source, tokens, turn);
            },
            restore: (tokens) => this.#keeper.restore(lease.sequence, request.contextSet, tokens, turn),
          },
          grammar,
        );
        const result = await generation.run();
        this.#remember(result, generation.sampledTokens, lease.sequence);
        return { ...result, sequence: lease.name };
      } catch (error) {
        // A failed evaluation may have left a part of its tokens behind, and before the first turn everything is
        // another name's still.
        isSound = error instanceof EndedEarly && (lease.isWarm || hasBegun);
        if (!isSound)
          this.#sequences.forget(lease.name, { inUse: true, lacksMemory: error instanceof SequenceMemoryError });
        throw error;
      } finally {
        if (isSound && hasBegun) this.#keeper.leave(lease.sequence, visit);
        lease.release();
      }
    } catch (error) {
      const { copyFrom, isSpare, ...alone } = request;
      // Long contexts take more memory: where that is missing in the midst of an answer, another one would be told
      // behind the first words of this one.
      if (error instanceof SequenceMemoryError && copyFrom !== undefined && isSpare !== true && !hasAnswered)
        return await this.#attempt({ ...alone, sequence: copyFrom }, options);
      throw error;
    } finally {
      this.#keeper.end(visit);
    }
  }

  /** Whether a sequence is kept for a name. */
  hasSequence(name: string): boolean {
    return this.#sequences.peek(name) !== undefined;
  }

  /** Forgets a named sequence; its next request begins with an empty one. One that a request is using is left to it. */
  releaseSequence(name: string): void {
    const sequence = this.#sequences.forget(name);
    if (sequence) this.#keeper.keep(sequence);
  }

  /** Texts that answers may go on like, under a name; none forgets it. */
  setTexts({ name, version, texts }: SetTextsParams): void {
    if (texts.length === 0) this.#texts.delete(name);
    else this.#texts.set(name, { version, index: new NgramIndex(lastTokens(texts, MAX_TEXT_TOKENS)) });
  }

  /** Writes the contexts that wait to be kept on disk; resolves when they are there. */
  async keepContexts(): Promise<void> {
    await this.#keeper.keepAll();
  }

  /** Removes a set of contexts from disk, or all; what requests under way evaluate for it is not kept. */
  async forgetContexts(params: ForgetContextsParams): Promise<void> {
    await this.#keeper.forget(params);
  }

  /**
   * Makes the first request as fast as the rest: the first evaluation allocates, the first healing sorts the
   * vocabulary.
   */
  async warmUp(token: number): Promise<void> {
    const sequence = this.backend.sequences[0]!;
    const tokens = Array.from({ length: 32 }, () => token);
    await sequence.evaluate(tokens.slice(0, 1));
    const start = performance.now();
    await sequence.evaluate(tokens);
    this.#chunkSizers.short.record(tokens.length, 1, performance.now() - start);
    await sequence.truncate(0);
    this.#index = new TokenIndex(this.backend.vocabulary);
  }

  currentStatistics(): SchedulerStatistics {
    return this.#statistics;
  }

  /** Ends all requests with stopReason 'cancelled'. */
  stop(): void {
    this.#keeper.stop();
    this.#shutdown.abort(new EndedEarly('cancelled'));
  }

  #check(request: GenerateRequest): void {
    if (request.tokens.length === 0)
      throw new TroubleError('invalid-input', 'There is nothing to continue: the prompt has no tokens.');
    const limit = this.backend.contextSizeTokens - 1;
    if (request.tokens.length > limit) {
      throw new TroubleError(
        'context-overflow',
        `The prompt has ${request.tokens.length} tokens, more than the ${limit} that the context holds.`,
      );
    }
    const stranger = request.tokens.find(
      (token) => !Number.isInteger(token) || token < 0 || token >= this.backend.vocabulary.size,
    );
    if (stranger !== undefined)
      throw new TroubleError(
        'invalid-input',
        `The vocabulary has no token ${stranger}; it has ${this.backend.vocabulary.size}.`,
      );
    if (request.requiredPrefix && grammarOf(request))
      throw new TroubleError('invalid-input', 'A grammar and a required prefix exclude each other.');
  }

  #remember(
    result: EngineGenerateResult,
    sampledTokens: number,
    { length, keptTokens = length }: BackendSequence,
  ): void {
    const { tokensPerSecond, promptTokensPerSecond } = this.#statistics;
    this.#statistics = {
      contextUsedTokens: length,
      ...(keptTokens < length ? { contextKeptTokens: keptTokens } : {}),
      tokensPerSecond:
        sampledTokens >= 4 && result.generateMs > 0
          ? ((sampledTokens - 1) * 1000) / result.generateMs
          : tokensPerSecond,
      promptTokensPerSecond:
        result.evaluatedTokens >= 32 && result.promptMs > 0
          ? (result.evaluatedTokens * 1000) / result.promptMs
          : promptTokensPerSecond,
    };
  }
}

function grammarOf(request: GenerateRequest): GrammarSource | undefined {
  if (request.grammar !== undefined) return { gbnf: request.grammar };
  if (request.jsonSchema !== undefined) return { jsonSchema: request.jsonSchema };
  return undefined;
}

/** The last of texts that have at most `most` tokens together. */
function lastTokens(texts: readonly (readonly TokenId[])[], most: number): readonly (readonly TokenId[])[] {
  const kept: (readonly TokenId[])[] = [];
  let room = most;
  for (const text of [...texts].reverse()) {
    kept.push(text.slice(Math.max(0, text.length - room)));
    room -= Math.min(room, text.length);
  }
  return kept.reverse();
}

/** What ends a request early. */
interface Ending {
  /** Its reason is always `EndedEarly`. */
  readonly signal: AbortSignal;
  readonly giveWay: () => void;
  readonly release: () => void;
}

/** One signal for whatever ends a request early. */
function endingSignal(timeoutMs: number | undefined, sources: readonly (AbortSignal | undefined)[]): Ending {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(new EndedEarly('cancelled'));
  const expire = (): void => controller.abort(new EndedEarly('timeout'));
  const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
  for (const source of sources) {
    if (source?.aborted) cancel();
    source?.addEventListener('abort', cancel, { once: true });
  }
  return {
    signal: controller.signal,
    // Who asked did not cancel it; there was no time for it.
    giveWay: expire,
    release: () => {
      clearTimeout(timer);
      for (const source of sources) source?.removeEventListener('abort', cancel);
    },
  };
}
