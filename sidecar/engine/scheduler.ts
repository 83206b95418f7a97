import { performance } from 'node:perf_hooks';
import type { EngineGenerateResult, ForgetContextsParams, GenerateChunk, SetTextsParams } from '../protocol/engine.ts';
import { SequenceMemoryError, type Backend, type BackendSequence, type CompiledGrammar } from '../models/backend.ts';
import { checkRequest, grammarOf } from './checkRequest.ts';
import { createChunkSizers, type ChunkSizers } from './chunkSizers.ts';
import { ContextKeeper, type Visit } from './contextKeeper.ts';
import { copyRows } from './copyRows.ts';
import { DeletedExperts } from './deletedExperts.ts';
import { EndedEarly, Generation, type GenerateRequest, type GenerationContext } from './generation.ts';
import { NamedTexts } from './namedTexts.ts';
import { RequestEnd } from './requestEnd.ts';
import { SequenceTable, type Lease } from './sequenceTable.ts';
import { StatisticsRecorder, type SchedulerStatistics } from './statisticsRecorder.ts';
import { TokenIndex } from '../models/decoding/tokenIndex.ts';
import { Turns } from './turns.ts';

/** A request that runs on one sequence. */
interface Attempt {
  readonly request: GenerateRequest;
  readonly grammar: CompiledGrammar | undefined;
  readonly end: RequestEnd;
  readonly onChunk: (chunk: Omit<GenerateChunk, 'requestId'>) => void;
  /** Whether `onChunk` has been called. */
  readonly hasAnswered: () => boolean;
}

/** Runs requests on a backend's sequences, the most urgent first. */
export class Scheduler {
  readonly #turns = new Turns();
  readonly #sequences: SequenceTable<BackendSequence>;
  readonly #chunkSizers: ChunkSizers;
  readonly #keeper: ContextKeeper;
  readonly #deletedExperts: DeletedExperts;
  readonly #texts = new NamedTexts();
  #index: TokenIndex | undefined;
  readonly #statistics = new StatisticsRecorder();
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
    this.#deletedExperts = new DeletedExperts({ backend, sequences: this.#sequences, turns: this.#turns });
    this.#chunkSizers = createChunkSizers(backend, options.attentionCostSlope);
  }

  /** Runs a request to its end. Throws `TroubleError` 'context-overflow' or 'invalid-input'. */
  async generate(
    request: GenerateRequest,
    options: {
      readonly onChunk?: (chunk: Omit<GenerateChunk, 'requestId'>) => void;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<EngineGenerateResult> {
    checkRequest(request, this.backend);
    const grammarSource = grammarOf(request);
    const grammar = grammarSource && (await this.backend.grammar(grammarSource));
    this.backend.beQuiet(request.quiet === true);
    const startedAt = performance.now();
    let hasAnswered = false;
    const onChunk = (chunk: Omit<GenerateChunk, 'requestId'>): void => {
      hasAnswered = true;
      options.onChunk?.(chunk);
    };
    using end = new RequestEnd(request.timeoutMs, [options.signal, this.#shutdown.signal]);
    try {
      return await this.#run({ request, grammar, end, onChunk, hasAnswered: () => hasAnswered });
    } catch (error) {
      if (!(error instanceof EndedEarly)) throw error;
      return emptyResult(error.stopReason, performance.now() - startedAt);
    }
  }

  /**
   * Leases a sequence and runs a request on it. Where that sequence finds no memory, runs the request again without it,
   * within what is left of the request's time. Throws `EndedEarly` if the request ends before it has a sequence.
   */
  async #run(attempt: Attempt): Promise<EngineGenerateResult> {
    const visit = this.#keeper.begin(attempt.request.contextSet);
    try {
      const lease = await this.#lease(attempt);
      return await this.#runOn(lease, attempt, visit);
    } catch (error) {
      const retry = error instanceof SequenceMemoryError ? withoutOwnSequence(attempt) : undefined;
      if (retry === undefined) throw error;
      return await this.#run(retry);
    } finally {
      this.#keeper.end(visit);
    }
  }

  #lease({ request, end }: Attempt): Promise<Lease<BackendSequence>> {
    return this.#sequences.acquire(
      {
        name: request.sequence,
        priority: request.priority,
        sibling: request.copyFrom,
        isExpendable: request.isExpendable,
        cancel: end.expire,
      },
      end.signal,
    );
  }

  /** Runs a request on a leased sequence and releases the lease. */
  async #runOn(lease: Lease<BackendSequence>, attempt: Attempt, visit: Visit): Promise<EngineGenerateResult> {
    const { request, end } = attempt;
    // Until the first turn a sequence may hold the rows of another name.
    let hasBegun = false;
    const turn: GenerationContext['turn'] = (step) =>
      this.#turns.run(lease.ticket, end.signal, (preempted) => {
        if (!hasBegun) this.#keeper.use(lease.sequence);
        hasBegun = true;
        return step(preempted);
      });
    try {
      const adapterSet = await this.#adapterSet(lease, attempt);
      if (!lease.isWarm || (adapterSet !== undefined && lease.sequence.adapterSet !== adapterSet)) {
        await this.#keeper.letGo(lease.sequence, request.priority, end.signal);
        await turn(async () => {
          await lease.sequence.truncate(0);
          // Another request may have taken the expert's place in memory since.
          const loaded = await this.backend.adapterSet?.(request);
          if (loaded !== undefined) lease.sequence.begin?.(loaded);
        });
      }
      const generation = this.#generation(lease, attempt, turn);
      const result = await generation.run();
      this.#statistics.record(result, generation.sampledTokens, lease.sequence);
      if (hasBegun) this.#keeper.leave(lease.sequence, visit);
      return { ...result, sequence: lease.name };
    } catch (error) {
      // A failed evaluation may leave some of its tokens in the sequence. A request that ended before its first turn
      // may leave the rows of another name.
      this.#sequences.forget(lease.name, { inUse: true, ranOutOfMemory: error instanceof SequenceMemoryError });
      throw error;
    } finally {
      lease.release();
      this.#deletedExperts.freeRest(this.#shutdown.signal);
    }
  }

  /** The adapters for a request. A turn is only needed if an expert may have to be loaded. */
  async #adapterSet(lease: Lease<BackendSequence>, { request, end }: Attempt): Promise<string | undefined> {
    if (request.expert === undefined) return this.backend.adapterSet?.(request);
    return this.#turns.run(lease.ticket, end.signal, async () => this.backend.adapterSet?.(request));
  }

  #generation(
    lease: Lease<BackendSequence>,
    { request, grammar, end, onChunk }: Attempt,
    turn: GenerationContext['turn'],
  ): Generation {
    return new Generation(
      request,
      {
        backend: this.backend,
        sequence: lease.sequence,
        chunkSizers: this.#chunkSizers,
        tokenIndex: () => (this.#index ??= new TokenIndex(this.backend.vocabulary)),
        signal: end.signal,
        turn,
        onChunk,
        texts: this.#texts.get(request.texts),
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
  }

  /** Whether a name has a sequence. */
  hasSequence(name: string): boolean {
    return this.#sequences.peek(name) !== undefined;
  }

  /** Forgets a named sequence, unless a request uses it. The name's next request begins with an empty sequence. */
  releaseSequence(name: string): void {
    const sequence = this.#sequences.forget(name);
    if (sequence) this.#keeper.keep(sequence);
  }

  /** Keeps texts that answers may continue like, under a name; no texts forget the name. */
  setTexts(params: SetTextsParams): void {
    this.#texts.set(params);
  }

  /** Writes the contexts that wait for the disk. Resolves when they are written. */
  async keepContexts(): Promise<void> {
    await this.#keeper.keepAll();
  }

  /**
   * Removes a set of contexts from disk, or all sets. Contexts of running requests are not kept in it. Experts whose
   * files were deleted leave memory.
   */
  async forgetContexts(params: ForgetContextsParams): Promise<void> {
    await this.#keeper.forget(params);
    await this.#deletedExperts.free(this.#shutdown.signal);
  }

  /**
   * Makes the first request as fast as later ones. The first evaluation allocates memory, and the first token healing
   * sorts the vocabulary.
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
    return this.#statistics.current;
  }

  /** Ends all requests with stopReason 'cancelled'. */
  stop(): void {
    this.#keeper.stop();
    this.#shutdown.abort(new EndedEarly('cancelled'));
  }
}

/** The request on the sequence that it copies from; `undefined` where it must not run again. */
function withoutOwnSequence(attempt: Attempt): Attempt | undefined {
  const { copyFrom, isExpendable, ...request } = attempt.request;
  // A long context may run out of memory in the middle of an answer. Its client must not get a second beginning.
  if (copyFrom === undefined || isExpendable === true || attempt.hasAnswered()) return undefined;
  return { ...attempt, request: { ...request, sequence: copyFrom } };
}

/** The result of a request that ended before it had a sequence. */
function emptyResult(stopReason: EndedEarly['stopReason'], waitedMs: number): EngineGenerateResult {
  return {
    tokens: [],
    text: '',
    stopReason,
    reusedTokens: 0,
    evaluatedTokens: 0,
    promptMs: waitedMs,
    generateMs: 0,
  };
}
