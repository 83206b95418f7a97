import type { Engine } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import type {
  ChatTemplateParams,
  EngineGenerateResult,
  LoadedModel,
  SpecialTokens,
  TokenId,
} from '../protocol/engine.ts';
import { AnswerStart, StopTexts } from './answerStart.ts';
import type { FillIn } from './fillIn.ts';
import { BrokenAnswerError, readAnswer } from './serverAnswer.ts';
import type { ServerConnection } from './serverConnection.ts';
import { serverFailed, ServerUnavailableError } from './serverErrors.ts';
import { apiRequest } from './serverRequests.ts';
import { decodePieces, encodeMessages, encodePieces, isMark, Marks } from './serverTokens.ts';

/**
 * The time limit until the model generates: a long prompt on a slow machine. Keep-alive data in between does not count.
 */
const FIRST_PART_TIMEOUT_MS = 120_000;
/** No token is longer. So an answer with more text than requested is the server's fault. */
const MAX_UNITS_PER_TOKEN = 16;
/** A user who types does not wait, but a user who asked a question waits a while. */
const PATIENCE = {
  completion: { retries: 1, maxWaitMs: 500 },
  chat: { retries: 3, maxWaitMs: 10_000 },
  background: { retries: 0, maxWaitMs: 0 },
} as const;

export interface ServerEngineOptions {
  readonly connection: ServerConnection;
  readonly model: string;
  readonly fillIn: FillIn;
  readonly contextSizeTokens: number;
  /** The time limit until the model generates. Default 120 s. */
  readonly firstPartTimeoutMs?: number;
}

/**
 * An engine on an OpenAI-compatible server. It generates by `/v1/completions`, and conversations by
 * `/v1/chat/completions`. Its tokens are pieces of text (`serverTokens.ts`). A server gets no grammar and no required
 * start of the answer, so callers check the answer.
 */
export class ServerEngine implements Engine {
  readonly loaded: LoadedModel;

  constructor(private readonly options: ServerEngineOptions) {
    this.loaded = loadedModel(options);
  }

  load(): Promise<LoadedModel> {
    return Promise.resolve(this.loaded);
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }

  /** With `special`, each mark of the model's family is one token. */
  tokenize(text: string, { special = false }: { special?: boolean } = {}): Promise<readonly TokenId[]> {
    const { fillIn } = this.options;
    if (special && fillIn.kind === 'marks') {
      const { prefix, suffix, middle } = fillIn.family;
      const mark =
        text === prefix
          ? Marks.fimPrefix
          : text === suffix
            ? Marks.fimSuffix
            : text === middle
              ? Marks.fimMiddle
              : undefined;
      if (mark !== undefined) return Promise.resolve([mark]);
    }
    return Promise.resolve(encodePieces(text));
  }

  detokenize(tokens: readonly TokenId[]): Promise<string> {
    return Promise.resolve(decodePieces(tokens.filter((token) => !isMark(token))));
  }

  chatTemplate({ messages }: ChatTemplateParams): Promise<readonly TokenId[]> {
    return Promise.resolve(encodeMessages(messages));
  }

  async generate(...[params, { onChunk, signal } = {}]: Parameters<Engine['generate']>): Promise<EngineGenerateResult> {
    const { connection, model, fillIn, firstPartTimeoutMs = FIRST_PART_TIMEOUT_MS } = this.options;
    const startedAt = performance.now();
    let firstAt: number | undefined;
    let text = '';
    const ended = (stopReason: EngineGenerateResult['stopReason']): EngineGenerateResult => {
      const promptMs = (firstAt ?? performance.now()) - startedAt;
      return {
        tokens: encodePieces(text),
        text,
        stopReason,
        reusedTokens: 0,
        evaluatedTokens: params.tokens.length,
        promptMs,
        generateMs: performance.now() - startedAt - promptMs,
      };
    };
    if (params.maxTokens < 1) return ended('length');

    const { path, body, answerStart, given } = apiRequest(params, model, fillIn);
    const start = new AnswerStart(answerStart);
    const stop = new StopTexts(params.stop ?? []);
    const say = (more: string): void => {
      if (more === '') return;
      text += more;
      onChunk?.({ tokens: encodePieces(more), text: more });
    };
    // Leaving early closes the connection, so that the server can stop.
    const leave = new AbortController();
    const outOfTime = new AbortController();
    const timer = params.timeoutMs === undefined ? undefined : setTimeout(() => outOfTime.abort(), params.timeoutMs);
    const late = new AbortController();
    const firstPartTimer = setTimeout(() => late.abort(), firstPartTimeoutMs);
    try {
      const response = await connection.send({
        path,
        body,
        timeoutMs: Math.min(params.timeoutMs ?? firstPartTimeoutMs, firstPartTimeoutMs),
        patience: PATIENCE[params.priority],
        signal: AbortSignal.any([leave.signal, outOfTime.signal, late.signal, ...(signal ? [signal] : [])]),
      });
      let finishReason: string | undefined;
      let leftUnits = params.maxTokens * MAX_UNITS_PER_TOKEN;
      for await (const part of readAnswer(response, connection, path)) {
        if (part.isGenerated) clearTimeout(firstPartTimer);
        if (part.text !== '' && firstAt === undefined) {
          firstAt = performance.now();
          say(given);
        }
        say(stop.push(start.push(part.text.slice(0, leftUnits))));
        leftUnits -= part.text.length;
        finishReason ??= part.finishReason;
        if (stop.isStopped) return ended('stop');
        if (signal?.aborted) return ended('cancelled');
        if (leftUnits < 0) {
          finishReason = 'length';
          break;
        }
      }
      say(stop.push(start.end()));
      if (!stop.isStopped) say(stop.end());
      return ended(stop.isStopped ? 'stop' : finishReason === 'length' ? 'length' : 'end');
    } catch (error) {
      if (signal?.aborted) return ended('cancelled');
      if (outOfTime.signal.aborted && firstAt !== undefined) return ended('timeout');
      if (outOfTime.signal.aborted || late.signal.aborted) {
        const limitMs = outOfTime.signal.aborted ? (params.timeoutMs ?? 0) : firstPartTimeoutMs;
        throw new ServerUnavailableError(
          `${connection.address.host} did not begin to answer ${path} within ${limitMs / 1000} s.`,
          { cause: error },
        );
      }
      throw this.#failure(error, text.length);
    } finally {
      clearTimeout(timer);
      clearTimeout(firstPartTimer);
      leave.abort();
    }
  }

  releaseSequence(): Promise<void> {
    return Promise.resolve();
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }

  /**
   * Returns the error for a failed generation. If no text has arrived, another model can take over the request. After
   * that the user is told.
   */
  #failure(error: unknown, receivedUnits: number): TroubleError {
    if (error instanceof TroubleError) return error;
    const {
      address: { host },
      redact,
    } = this.options.connection;
    const what =
      error instanceof BrokenAnswerError
        ? error.message
        : `broke off the answer (${error instanceof Error ? redact(error.message) : 'for an unknown reason'})`;
    if (receivedUnits === 0) return new ServerUnavailableError(`${host} ${what}.`, { cause: error });
    return serverFailed(`${host} ${what}, after ${receivedUnits} characters. Ask again.`, error);
  }
}

function loadedModel({ connection, model, fillIn, contextSizeTokens }: ServerEngineOptions): LoadedModel {
  const { address } = connection;
  const marks = { fimPrefix: Marks.fimPrefix, fimSuffix: Marks.fimSuffix, fimMiddle: Marks.fimMiddle };
  const special: SpecialTokens = { addBos: false, endOfGeneration: [], ...(fillIn.kind === 'suffix' ? marks : {}) };
  return {
    name: model,
    path: `${address.base.href}${model}`,
    architecture: 'server',
    engine: 'server',
    device: address.host,
    deviceReasons: [],
    engineLimits: [],
    sizeBytes: 0,
    memoryBytes: 0,
    deviceMemoryBytes: 0,
    threads: 0,
    vocabularySize: 0,
    contextSizeTokens,
    trainContextTokens: contextSizeTokens,
    special,
    // Any text is valid: the server applies its own template.
    chatTemplate: '{# by the server #}',
    supportsToolCalling: false,
    // Identifies the family if the model's name does not.
    metadata: fillIn.kind === 'marks' ? { 'general.basename': fillIn.family.name } : {},
  };
}
