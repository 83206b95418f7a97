import { performance } from 'node:perf_hooks';
import type {
  EngineGenerateParams,
  EngineGenerateResult,
  GenerateChunk,
  TokenId,
  TokenLikelihood,
} from '../protocol/engine.ts';
import type { Backend, BackendSequence, CompiledGrammar } from '../models/backend.ts';
import type { ChunkSizers } from './chunkSizers.ts';
import { expectedLikelihoods } from './expectedLikelihoods.ts';
import { TroubleError } from '../common/troubleError.ts';
import type { NgramIndex } from '../models/decoding/ngramIndex.ts';
import { NgramModel } from '../models/decoding/ngramModel.ts';
import { TextStream, type TextPiece } from './textStream.ts';
import { OutputStart } from '../models/decoding/outputStart.ts';
import type { TokenIndex } from '../models/decoding/tokenIndex.ts';
import { Preempted } from './turns.ts';

type StopReason = EngineGenerateResult['stopReason'];
type DecodeSteps = ReturnType<BackendSequence['decode']>;
export type GenerateRequest = Omit<EngineGenerateParams, 'requestId'>;

/** The reason of an abort signal that ends a request early. */
export class EndedEarly extends Error {
  override readonly name = 'EndedEarly';

  constructor(readonly stopReason: 'cancelled' | 'timeout') {
    super(stopReason);
  }
}

/** Evaluations that run to their end after a preemption, so that a prompt advances however many completions come. */
const SHORT_STEPS = 8;

export interface GenerationContext {
  readonly backend: Backend;
  readonly sequence: BackendSequence;
  readonly chunkSizers: ChunkSizers;
  readonly tokenIndex: () => TokenIndex;
  /** Aborts with `EndedEarly`. */
  readonly signal: AbortSignal;
  /** Runs one step when it is this request's turn. Rejects with the reason of an aborted signal. */
  readonly turn: <T>(step: (preempted: AbortSignal) => Promise<T>) => Promise<T>;
  readonly onChunk?: (chunk: Omit<GenerateChunk, 'requestId'>) => void;
  /** Texts that the answer may continue like. */
  readonly texts?: IndexedTexts | undefined;
  /** Appends rows of the prompt from another sequence. Resolves with the number of tokens. */
  readonly copy?: (tokens: readonly TokenId[]) => Promise<number>;
  /** Appends rows of the prompt from disk. Resolves with the number of tokens. */
  readonly restore?: (tokens: readonly TokenId[]) => Promise<number>;
}

/** The texts of a name, indexed. */
export interface IndexedTexts {
  readonly version: string;
  readonly index: NgramIndex;
}

/** Runs one request on its sequence, from the cached prefix to the last token. */
export class Generation {
  readonly #tokens: TokenId[] = [];
  readonly #nats: number[] = [];
  #expected: readonly TokenLikelihood[] | undefined;
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
      await this.#score();
      stopReason = last === undefined ? 'length' : await this.#decode(last);
    } catch (error) {
      if (!(error instanceof EndedEarly)) throw error;
      stopReason = error.stopReason;
    }
    if (stopReason !== 'stop') this.#give(this.#stream.end());
    const now = performance.now();
    return {
      tokens: this.#tokens,
      ...(this.request.probabilities ? { nats: this.#nats } : {}),
      ...(this.#expected ? { expected: this.#expected } : {}),
      text: this.#text,
      stopReason,
      reusedTokens: this.#reusedTokens,
      restoredTokens: this.#restoredTokens,
      evaluatedTokens: this.#evaluatedTokens,
      promptMs: (this.#promptDoneAt ?? now) - this.#startedAt,
      generateMs: this.#promptDoneAt === undefined ? 0 : now - this.#promptDoneAt,
    };
  }

  /** The number of sampled tokens. The result may hold fewer. */
  get sampledTokens(): number {
    return this.#generatedCount;
  }

  /**
   * Evaluates the prompt except for its last chunk, which the first sampling step evaluates. Resolves with that chunk,
   * or with `undefined` if the request samples nothing.
   */
  async #evaluatePrompt(): Promise<readonly TokenId[] | undefined> {
    const { sequence, chunkSizers, signal } = this.context;
    await this.#reuse();
    const samples = this.request.maxTokens > 0;
    if (await this.#readWhole()) return samples ? [] : undefined;
    let rest = this.#prompt.slice(this.#reusedTokens);
    let shortSteps = 0;
    for (;;) {
      const interruptible = shortSteps > 0 ? undefined : chunkSizers.interruptible;
      const sizer = interruptible ?? chunkSizers.short;
      const size = sizer.next(sequence.length);
      // The first sampling step cannot be repeated. So only a completion, which nothing preempts, gives it a long
      // chunk.
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

  /** The tokens to read. The last token of a prompt is evaluated with the expected tokens behind it. */
  get #prompt(): readonly TokenId[] {
    const { tokens, expected } = this.request;
    return expected === undefined ? tokens : tokens.slice(0, -1);
  }

  /** Finds how likely the expected tokens are. */
  async #score(): Promise<void> {
    const { tokens, expected } = this.request;
    if (expected === undefined) return;
    this.#expected = await expectedLikelihoods(this.context, tokens.at(-1) as TokenId, expected);
    this.#evaluatedTokens += expected.length;
    this.#promptDoneAt = performance.now();
  }

  /** Reuses the beginning of the prompt: rows in the sequence, in another sequence and on disk. */
  async #reuse(): Promise<void> {
    const { sequence, turn, copy, restore } = this.context;
    const tokens = this.#prompt;
    this.#reusedTokens = await turn(() => {
      const common = sequence.commonPrefixLength(tokens);
      // Without kept logits the last token of a prompt is evaluated, also if all of it is cached.
      const isComplete = this.request.expected !== undefined || sequence.isAnswerable?.(tokens.length);
      return sequence.truncate(Math.min(common, isComplete ? tokens.length : tokens.length - 1));
    });
    const copiedTokens = (await copy?.(tokens)) ?? 0;
    this.#restoredTokens = (await restore?.(tokens)) ?? 0;
    if (copiedTokens + this.#restoredTokens > 0) this.#reusedTokens = sequence.length;
  }

  /** Reads the prompt in the sequence's own way. Resolves with `false` if it has none. */
  async #readWhole(): Promise<boolean> {
    const { sequence, turn } = this.context;
    const tokens = this.#prompt;
    using reading = await turn(async () => sequence.readWhole?.(tokens));
    if (!reading) return false;
    // The former rows are gone, even if reading ends early.
    this.#reusedTokens = 0;
    while (!reading.isDone) await turn(() => reading.step());
    this.#evaluatedTokens = tokens.length;
    return true;
  }

  async #decode(last: readonly TokenId[]): Promise<StopReason> {
    const { backend, sequence, signal, tokenIndex } = this.context;
    const { requiredPrefix, indentations, special } = this.request;
    const start =
      requiredPrefix || indentations ? new OutputStart(tokenIndex(), { requiredPrefix, indentations }) : undefined;
    const steps = this.#steps(last, start);
    try {
      for (;;) {
        if (start?.allowed?.size === 0) throw unspellable(requiredPrefix);
        const isFull = sequence.length + 1 >= backend.contextSizeTokens || sequence.room < 2;
        if (isFull && this.#promptDoneAt !== undefined) return 'context-full';
        const token = await this.#sample(steps, last.length);
        if (token === undefined || backend.isEndOfGeneration(token)) return 'end';
        this.#generatedCount++;
        start?.accept(token);
        this.#give(this.#stream.push(token, backend.vocabulary.tokenBytes(token, { special })));
        if (this.#stream.stopText !== undefined) return 'stop';
        if (this.#generatedCount >= this.request.maxTokens) return 'length';
        signal.throwIfAborted();
      }
    } finally {
      await steps.return();
    }
  }

  #steps(last: readonly TokenId[], start: OutputStart | undefined): DecodeSteps {
    const { sequence, signal, texts } = this.context;
    const { ngrams, tokens, sampling } = this.request;
    return sequence.decode(last, {
      sampling,
      grammar: this.grammar,
      signal,
      texts: texts?.index,
      onSampled: this.request.probabilities ? (nats) => this.#nats.push(nats) : undefined,
      ngrams:
        texts !== undefined && ngrams?.version === texts.version
          ? new NgramModel(texts.index, { promptTokens: tokens.length, before: ngrams.before })
          : undefined,
      allowed: start && (() => start.allowed),
    });
  }

  /**
   * Samples a token; `undefined` at the end. The first step also evaluates the last `lastTokens` tokens of the prompt.
   */
  async #sample(steps: DecodeSteps, lastTokens: number): Promise<TokenId | undefined> {
    const isFirst = this.#promptDoneAt === undefined;
    const step = await this.context.turn(async () => {
      const next = await steps.next();
      if (isFirst) await this.context.sequence.checkpoint();
      return next;
    });
    if (step.done) return undefined;
    if (isFirst) {
      this.#evaluatedTokens += lastTokens;
      this.#promptDoneAt = performance.now();
    }
    return step.value;
  }

  #give(piece: TextPiece): void {
    if (piece.text === '' && piece.tokens.length === 0) return;
    this.#text += piece.text;
    this.#tokens.push(...piece.tokens);
    this.context.onChunk?.(piece);
  }
}

/** The error names no text, since the text is the user's and messages reach the log. */
function unspellable(requiredPrefix = ''): TroubleError {
  return new TroubleError(
    'invalid-input',
    `The model's vocabulary can't spell the ${requiredPrefix.length} characters of required text.`,
  );
}
