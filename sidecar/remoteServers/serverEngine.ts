import type { Engine } from '../engine/engine.ts';
import { TroubleError } from '../common/troubleError.ts';
import type {
  ChatTemplateParams,
  EngineGenerateResult,
  LoadedModel,
  SpecialTokens,
  TokenId,
} from '../protocol/engine.ts';
import { AnswerLimits } from './answerLimits.ts';
import type { FillIn } from './fillIn.ts';
import { ReceivedAnswer } from './receivedAnswer.ts';
import { BrokenAnswerError, readAnswer } from './serverAnswer.ts';
import type { ServerConnection } from './serverConnection.ts';
import { serverFailed, ServerUnavailableError } from './serverErrors.ts';
import { apiRequest } from './serverRequests.ts';
import { decodePieces, encodeMessages, encodePieces, isMark, Marks } from './serverTokens.ts';

/**
 * The time limit until the model generates: a long prompt on a slow machine. Keep-alive data in between does not count.
 */
const FIRST_PART_TIMEOUT_MS = 120_000;
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
    const answer = new ReceivedAnswer(params, onChunk);
    if (params.maxTokens < 1) return answer.ended('length');
    const request = apiRequest(params, model, fillIn);
    using limits = new AnswerLimits({ timeoutMs: params.timeoutMs, firstPartTimeoutMs, signal });
    try {
      const response = await connection.send({
        path: request.path,
        body: request.body,
        timeoutMs: Math.min(params.timeoutMs ?? firstPartTimeoutMs, firstPartTimeoutMs),
        patience: PATIENCE[params.priority],
        signal: limits.signal,
      });
      return await answer.receive(readAnswer(response, connection, request.path), {
        request,
        signal,
        onGenerated: () => limits.begun(),
      });
    } catch (error) {
      if (signal?.aborted) return answer.ended('cancelled');
      if (limits.isOutOfTime && answer.hasBegun) return answer.ended('timeout');
      if (limits.passedMs !== undefined)
        throw new ServerUnavailableError(
          `${connection.address.host} did not begin to answer ${request.path} within ${limits.passedMs / 1000} s.`,
          { cause: error },
        );
      throw this.#failure(error, answer.units);
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
