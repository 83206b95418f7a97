import { performance } from 'node:perf_hooks';
import type { EngineGenerateParams, EngineGenerateResult, GenerateChunk, TokenId } from '../protocol/engine.ts';
import type { Backend, BackendSequence, CompiledGrammar } from '../models/backend.ts';
import type { ChunkSizers } from './chunkSizers.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { NgramIndex } from '../models/decoding/ngramIndex.ts';
import { NgramModel } from '../models/decoding/ngramModel.ts';
import { TextStream, type TextPiece } from './textStream.ts';
import { OutputStart } from '../models/decoding/outputStart.ts';
import type { TokenIndex } from '../models/decoding/tokenIndex.ts';
import { Preempted } from './turns.ts';

type StopReason = EngineGenerateResult['stopReason'];
export type GenerateRequest = Omit<EngineGenerateParams, 'requestId'>;

/** Why a request was ended from outside; the reason of its abort signal. */
export class EndedEarly extends Error {
  override readonly name = 'EndedEarly';

  constructor(readonly stopReason: 'cancelled' | 'timeout') {
    super(stopReason);
  }
}

/** After a preemption so many evaluations run to their end, so that a prompt gets on however many completions come. */
const SHORT_STEPS = 8;

export interface GenerationContext {
  readonly backend: Backend;
  readonly sequence: BackendSequence;
  readonly chunkSizers: ChunkSizers;
  readonly tokenIndex: () => TokenIndex;
  /** Aborts with `EndedEarly`. */
  readonly signal: AbortSignal;
  /** Runs one step when it is this request's turn; rejects with the signal's reason. */
  readonly turn: <T>(step: (preempted: AbortSignal) => Promise<T>) => Promise<T>;
  readonly onChunk?: (chunk: Omit<GenerateChunk, 'requestId'>) => void;
  /** Texts that the answer may go on like. */
  readonly texts?: IndexedTexts | undefined;
  /** Appends what of the prompt another sequence holds; resolves with the number of tokens. */
  readonly copy?: (tokens: readonly TokenId[]) => Promise<number>;
  /** Appends what of the prompt is kept on disk; resolves with the number of tokens. */
  readonly restore?: (tokens: readonly TokenId[]) => Promise<number>;
}

/** Texts that were given under a name. */
export interface IndexedTexts {
  readonly version: string;
  readonly index: NgramIndex;
}

/** One request on its sequence, from the cached prefix to the last token. */
export class Generation {
  readonly #tokens: TokenId[] = [];
  #text = '';
  readonly #stream: TextStream;
  readonly #startedAt = performance.now();
  #promptDoneAt: number | undefined;
  #reusedTokens = 0;
  #restoredTokens = 0;
  #evaluatedTokens = 0;
  #generatedCount = 0;

  constructor(
    private readonly request: GenerateRequest,
    private readonly context: GenerationContext,
    private readonly grammar: CompiledGrammar | undefined,
  ) {
    this.#stream = new TextStream([...(request.stop ?? []), ...(grammar?.stop ?? [])]);
  }

  async run(): Promise<EngineGenerateResult> {
    let stopReason: StopReason;
    try {
      const last = await this.#evaluatePrompt();
      stopReason = last === undefined ? 'length' : await this.#decode(last);
    } catch (error) {
      if (!(error instanceof EndedEarly)) throw error;
      stopReason = error.stopReason;
    }
    if (stopReason !== 'stop') this.#give(this.#stream.end());
    const now = performance.now();
    return {
      tokens: this.#tokens,
      text: this.#text,
      stopReason,
      reusedTokens: this.#reusedTokens,
      restoredTokens: this.#restoredTokens,
      evaluatedTokens: this.#evaluatedTokens,
      promptMs: (this.#promptDoneAt ?? now) - this.#startedAt,
      generateMs: this.#promptDoneAt === undefined ? 0 : now - this.#promptDoneAt,
    };
  }

  /** Tokens sampled, of which the result may hold fewer. */
  get sampledTokens(): number {
    return this.#generatedCount;
  }

  /**
   * Evaluates all of the prompt but a last chunk, which the first sampling step takes along; `undefined` where nothing
   * is to be sampled.
   */
  async #evaluatePrompt(): Promise<readonly TokenId[] | undefined> {
    const { sequence, chunkSizers, signal } = this.context;
    const tokens = this.request.tokens;
    this.#reusedTokens = await this.context.turn(() => {
      const common = sequence.commonPrefixLength(tokens);
      // Logits come only from an evaluation, unless they were kept: a prompt that is wholly cached still evaluates its
      // last token.
      return sequence.truncate(
        Math.min(common, sequence.isAnswerable?.(tokens.length) ? tokens.length : tokens.length - 1),
      );
    });
    const copiedTokens = (await this.context.copy?.(tokens)) ?? 0;
    this.#restoredTokens = (await this.context.restore?.(tokens)) ?? 0;
    if (copiedTokens + this.#restoredTokens > 0) this.#reusedTokens = sequence.length;
    const samples = this.request.maxTokens > 0;
    if (await this.#readWhole()) return samples ? [] : undefined;
    let rest = tokens.slice(this.#reusedTokens);
    let shortSteps = 0;
    for (;;) {
      const interruptible = shortSteps > 0 ? undefined : chunkSizers.interruptible;
      const sizer = interruptible ?? chunkSizers.short;
      const size = sizer.next(sequence.length);
      // The first sampling step can't be run again, so only what nothing preempts takes a long chunk along.
      const lastSize = this.request.priority === 'completion' ? size : chunkSizers.short.next(sequence.length);
      if (samples && rest.length <= lastSize) return rest;
      if (rest.length === 0) return undefined;
      const most = samples ? Math.min(size, rest.length - 1) : size;
      const chunk = rest.slice(0, sequence.chunkTokens?.(most) ?? most);
      try {
        await this.context.turn(async (preempted) => {
          const start = performance.now();
          const depth = sequence.length;
          await sequence.evaluate(chunk, interruptible ? AbortSignal.any([signal, preempted]) : signal);
          sizer.record(chunk.length, depth, performance.now() - start);
        });
      } catch (error) {
        if (!(error instanceof Preempted)) throw error;
        shortSteps = SHORT_STEPS;
        continue;
      }
      shortSteps = Math.max(0, shortSteps - 1);
      rest = rest.slice(chunk.length);
      this.#evaluatedTokens += chunk.length;
    }
  }

  /** Reads the prompt in the sequence's own way, where it has one. */
  async #readWhole(): Promise<boolean> {
    const { sequence, turn } = this.context;
    const { tokens } = this.request;
    using reading = await turn(async () => sequence.readWhole?.(tokens));
    if (!reading) return false;
    // What was there is gone, also where reading is cut short.
    this.#reusedTokens = 0;
    while (!reading.isDone) await turn(() => reading.step());
    this.#evaluatedTokens = tokens.length;
    return true;
  }

  async #decode(last: readonly TokenId[]): Promise<StopReason> {
    const { backend, sequence, texts, turn } = this.context;
    const { ngrams, tokens } = this.request;
    const { requiredPrefix, indentations } = this.request;
    const start =
      requiredPrefix || indentations
        ? new OutputStart(this.context.tokenIndex(), { requiredPrefix, indentations })
        : undefined;
    const steps = sequence.decode(last, {
      sampling: this.request.sampling,
      grammar: this.grammar,
      signal: this.context.signal,
      texts: texts?.index,
      ngrams:
        texts !== undefined && ngrams?.version === texts.version
          ? new NgramModel(texts.index, { promptTokens: tokens.length, before: ngrams.before })
          : undefined,
      allowed: start && (() => start.allowed),
    });
    try {
      for (;;) {
        if (start?.allowed?.size === 0) {
          // The text is the user's, and messages reach the log.
          throw new TroubleError(
            'invalid-input',
            `The model's vocabulary can't spell the ${requiredPrefix?.length ?? 0} characters of required text.`,
          );
        }
        const isFirst = this.#promptDoneAt === undefined;
        if (!isFirst && (sequence.length + 1 >= backend.contextSizeTokens || sequence.room < 2)) return 'context-full';
        const step = await turn(async () => {
          const next = await steps.next();
          if (isFirst) await sequence.checkpoint();
          return next;
        });
        if (step.done) return 'end';
        if (isFirst) {
          this.#evaluatedTokens += last.length;
          this.#promptDoneAt = performance.now();
        }
        if (backend.isEndOfGeneration(step.value)) return 'end';
        this.#generatedCount++;
        start?.accept(step.value);
        this.#give(
          this.#stream.push(step.value, backend.vocabulary.tokenBytes(step.value, { special: this.request.special })),
        );
        if (this.#stream.stopText !== undefined) return 'stop';
        if (this.#generatedCount >= this.request.maxTokens) return 'length';
        this.context.signal.throwIfAborted();
      }
    } finally {
      await steps.return();
    }
  }

  #give(piece: TextPiece): void {
    if (piece.text === '' && piece.tokens.length === 0) return;
    this.#text += piece.text;
    this.#tokens.push(...piece.tokens);
    this.context.onChunk?.(piece);
  }
}
