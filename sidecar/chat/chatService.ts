import type { ModelSession } from '../engine/engine.ts';
import type {
  ChatChunk,
  ChatResult,
  ChatSettings,
  CommitMessageParams,
  CommitMessageResult,
  ContextItem,
  CountTokensParams,
  CountTokensResult,
  EditParams,
  EditResult,
  GenerateParams,
  GeneratePart,
  GenerateResult,
} from '../protocol/client.ts';
import type { ContextSet, EngineGenerateResult, LoadedModel, SamplingParams, TokenId } from '../protocol/engine.ts';
import { ScriptGate } from './answerScript.ts';
import { mayBeEnglish } from './englishAnswer.ts';
import {
  cleanCommitMessage,
  cleanCommitSubject,
  COMMIT_MESSAGE_MAX_TOKENS,
  COMMIT_SUBJECT_GRAMMAR,
  COMMIT_SUBJECT_MAX_TOKENS,
  commitMessagePrompt,
  isCommitMessage,
  repeatsRecent,
} from './commitMessage.ts';
import { type ConversationParams, conversationPrompt, type ConversationPrompt } from './conversation.ts';
import { edit } from './edit/edit.ts';
import { SentenceWithFacts } from './explain/sentenceWithFacts.ts';
import { DEFAULT_TEMPERATURE, generate } from './generate.ts';
import { openedThoughts } from './openedThoughts.ts';

export interface ChatServiceDependencies {
  readonly session: ModelSession;
}

/** The answer for the client, and the context items that the model did not see. */
interface ChatAnswer extends ChatResult {
  readonly unreadContext: readonly ContextItem[];
}

/**
 * A request, and where its evaluated prompt is kept beyond the engine's life, or `undefined` for nowhere. `contextSet`
 * is called at each evaluation: its answer may have changed by then.
 */
type Kept<Params> = Params & { readonly contextSet?: () => ContextSet | undefined };

/** A turn of a conversation that is answered. */
interface Turn {
  readonly model: LoadedModel;
  readonly params: Kept<ConversationParams>;
  readonly settings: ChatSettings;
  readonly prompt: ConversationPrompt;
  /** The beginning of a reasoning model's thoughts, which its template writes. */
  readonly opening: string;
}

interface Answered {
  readonly prompt: ConversationPrompt;
  readonly result: EngineGenerateResult;
}

/**
 * Conversations, edits and raw generation on the loaded model. Every method rejects with `TroubleError` and a message
 * for the user. Cancelling by `signal` is no error: the result then has the text so far and the stop reason
 * 'cancelled'.
 */
export class ChatService {
  readonly #session: ModelSession;
  #temporarySequences = 0;
  /** The last turn of each conversation, by the name of its sequence. */
  readonly #lastTurns = new Map<string, Promise<unknown>>();

  constructor(dependencies: ChatServiceDependencies) {
    this.#session = dependencies.session;
  }

  /**
   * Answers the last message of a conversation in the language of the question, or in the language of the settings. If
   * an answer begins in another script, or in English, it is generated again once with the language named. No text of
   * the first answer is sent then.
   */
  async chat(
    params: Kept<ConversationParams>,
    settings: ChatSettings,
    onChunk: (chunk: ChatChunk) => void,
    signal?: AbortSignal,
  ): Promise<ChatAnswer> {
    const model = await this.#session.model(signal);
    const first = await conversationPrompt(this.#session, model, params, settings);
    const opening = await openedThoughts(this.#session, model, first.tokens);
    const say = (text: string): void => onChunk({ text });
    // A model that thinks aloud begins with no sentence of its answer.
    const sentence =
      first.asksForSentence && opening === ''
        ? new SentenceWithFacts(params, first.answerLanguage ?? 'en', say)
        : undefined;
    const { prompt, result } = await this.#answer(
      { model, params, settings, prompt: first, opening },
      (text) => (sentence ? sentence.receive(text) : say(text)),
      AbortSignal.any([signal, sentence?.signal].filter((each) => each !== undefined)),
    );
    const text = sentence ? await sentence.finish(signal) : opening + result.text;
    const isWhole = sentence?.signal.aborted === true;
    return {
      text,
      stopReason: sentence && signal?.aborted ? 'cancelled' : isWhole ? 'end' : stopReasonOf(result.stopReason),
      promptTokens: prompt.tokens.length,
      generatedTokens: result.tokens.length,
      tokensPerSecond: rate(result.tokens.length, result.generateMs),
      ...(prompt.omittedContext.length > 0 ? { omittedContext: prompt.omittedContext } : {}),
      ...(prompt.omittedTurns > 0 ? { omittedTurns: prompt.omittedTurns } : {}),
      unreadContext: prompt.unreadContext,
    };
  }

  /** Generates an answer, and once more with the language named if the first is in another script or English. */
  #answer(
    { model, params, settings, prompt, opening }: Turn,
    send: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Answered> {
    const answerOn = async (sequence: string): Promise<Answered> => {
      const ask = (
        { tokens, maxTokens, stop }: ConversationPrompt,
        onText: (text: string) => void,
        until: AbortSignal,
      ): Promise<EngineGenerateResult> =>
        this.#run({
          sequence,
          tokens,
          maxTokens,
          stop,
          sampling: chatSampling(settings),
          contextSet: params.contextSet?.(),
          onChunk: ({ text }) => onText(text),
          signal: until,
        });
      const question = params.messages.at(-1)?.content ?? '';
      const gate = new ScriptGate(prompt.answerLanguage, send, { mayBeEnglish: mayBeEnglish(question) });
      if (opening !== '') gate.receive(opening);
      try {
        const result = await ask(prompt, (text) => gate.receive(text), AbortSignal.any([signal, gate.signal]));
        if (!gate.isWrong || signal.aborted) return { prompt, result };
      } finally {
        // If the engine crashes, the text so far is kept.
        gate.open();
      }
      const insisting = await conversationPrompt(this.#session, model, params, settings, { insistsOnLanguage: true });
      return { prompt: insisting, result: await ask(insisting, send, signal) };
    };
    return this.#inConversation(params.conversationId, answerOn, signal);
  }

  /**
   * Returns new code for the target of an edit, with the target's indentation and line ends. Chunks are the raw answer.
   */
  async edit(
    params: EditParams,
    settings: ChatSettings,
    onChunk: (chunk: ChatChunk) => void,
    signal?: AbortSignal,
  ): Promise<EditResult> {
    const model = await this.#session.model(signal);
    return this.#withTemporarySequence('edit', async (sequence) => {
      const { newText, stopReason } = await edit({
        session: this.#session,
        model,
        params,
        settings,
        sequence,
        onChunk,
        signal,
      });
      return { newText, stopReason: stopReasonOf(stopReason) };
    });
  }

  /**
   * Returns a commit message for a diff, in the style and language of the repository's recent messages. Returns '' if
   * the model wrote no message.
   */
  async commitMessage(
    params: CommitMessageParams,
    settings: ChatSettings,
    signal?: AbortSignal,
  ): Promise<CommitMessageResult> {
    const model = await this.#session.model(signal);
    let prompt = await commitMessagePrompt(this.#session, model, params);
    const write = (maxTokens: number, grammar?: string): Promise<EngineGenerateResult> =>
      this.#withTemporarySequence('commit', (sequence) =>
        this.#run({
          sequence,
          tokens: prompt.tokens,
          maxTokens: Math.min(maxTokens, model.contextSizeTokens - prompt.tokens.length),
          stop: prompt.stop,
          sampling: chatSampling(settings),
          grammar,
          signal,
        }),
      );
    const writeFreely = async (): Promise<string> => {
      const { text, stopReason } = await write(COMMIT_MESSAGE_MAX_TOKENS);
      return cleanCommitMessage(text, stopReasonOf(stopReason) === 'length');
    };
    let message = await writeFreely();
    if (repeatsRecent(message, params) && !signal?.aborted) {
      prompt = await commitMessagePrompt(this.#session, model, params, { showsRecent: false });
      message = await writeFreely();
    }
    if (isCommitMessage(message) || signal?.aborted) return { message };
    // Small models repeat the diff. A grammar for a sentence makes them describe it.
    const held = await write(COMMIT_SUBJECT_MAX_TOKENS, COMMIT_SUBJECT_GRAMMAR);
    const subject = cleanCommitSubject(held.text, stopReasonOf(held.stopReason) === 'length');
    return { message: isCommitMessage(subject) ? subject : '' };
  }

  /** Continues messages or text as they are, with tools if the model supports them. Only conversations are kept. */
  async generate(
    params: Kept<GenerateParams>,
    settings: ChatSettings,
    onPart: (part: GeneratePart) => void,
    signal?: AbortSignal,
  ): Promise<GenerateResult> {
    const model = await this.#session.model(signal);
    const run = (sequence: string, contextSet: typeof params.contextSet): ReturnType<typeof generate> =>
      generate({ session: this.#session, model, params, settings, sequence, contextSet, onPart, signal });
    const outcome = params.conversationId
      ? await this.#inConversation(params.conversationId, (sequence) => run(sequence, params.contextSet), signal)
      : await this.#withTemporarySequence('generate', (sequence) => run(sequence, undefined));
    return {
      text: outcome.text,
      toolCalls: outcome.toolCalls,
      stopReason: stopReasonOf(outcome.stopReason),
      promptTokens: outcome.promptTokens,
      generatedTokens: outcome.generatedTokens,
      tokensPerSecond: rate(outcome.generatedTokens, outcome.generateMs),
    };
  }

  /**
   * Releases the engine's sequences of all conversations whose id begins with `idPrefix`, because their client left.
   */
  async forgetConversations(idPrefix: string): Promise<void> {
    const sequences = [...this.#lastTurns.keys()].filter((sequence) =>
      sequence.startsWith(conversationSequence(idPrefix)),
    );
    await Promise.all(
      sequences.map(async (sequence) => {
        // The engine keeps a sequence that is in use, so the turn must end first.
        await this.#lastTurns.get(sequence);
        this.#lastTurns.delete(sequence);
        await this.#release(sequence);
      }),
    );
  }

  async countTokens(params: CountTokensParams): Promise<CountTokensResult> {
    await this.#session.model();
    return { tokens: (await this.#session.engine.tokenize(params.text)).length };
  }

  async #run(request: {
    readonly sequence: string;
    readonly tokens: readonly TokenId[];
    readonly maxTokens: number;
    readonly stop: readonly string[];
    readonly sampling: SamplingParams;
    /** A GBNF grammar. */
    readonly grammar?: string | undefined;
    readonly contextSet?: ContextSet | undefined;
    readonly onChunk?: (chunk: ChatChunk) => void;
    readonly signal: AbortSignal | undefined;
  }): Promise<EngineGenerateResult> {
    const { sequence, tokens, maxTokens, stop, sampling, grammar, contextSet, onChunk, signal } = request;
    return this.#session.engine.generate(
      {
        sequence,
        priority: 'chat',
        purpose: 'chat',
        tokens,
        maxTokens,
        sampling,
        ...(stop.length > 0 ? { stop } : {}),
        ...(grammar ? { grammar } : {}),
        contextSet,
      },
      {
        onChunk: ({ text }) => {
          if (text !== '') onChunk?.({ text });
        },
        ...(signal ? { signal } : {}),
      },
    );
  }

  async #inConversation<Result>(
    conversationId: string,
    work: (sequence: string) => Promise<Result>,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    const sequence = conversationSequence(conversationId);
    const turn = work(sequence);
    // The client may have left while the prompt was made. Then nothing is evaluated, and no event would remove the
    // turn.
    if (signal?.aborted !== true)
      this.#lastTurns.set(
        sequence,
        turn.catch(() => undefined),
      );
    return turn;
  }

  /**
   * Runs one-off work. Each request has its own sequence, so that no data of a workspace is left for the next request.
   */
  async #withTemporarySequence<Result>(kind: string, work: (sequence: string) => Promise<Result>): Promise<Result> {
    this.#temporarySequences += 1;
    const sequence = `${kind}:${this.#temporarySequences}`;
    try {
      return await work(sequence);
    } finally {
      await this.#release(sequence);
    }
  }

  async #release(sequence: string): Promise<void> {
    // A crashed engine has already lost the sequence.
    await this.#session.engine.releaseSequence(sequence).catch(() => undefined);
  }
}

function conversationSequence(conversationId: string): string {
  return `chat:${conversationId}`;
}

/** A little randomness and a light penalty keep small models from repeating themselves. */
function chatSampling(settings: ChatSettings): SamplingParams {
  return { temperature: settings.temperature ?? DEFAULT_TEMPERATURE, topP: 0.95, repeatPenalty: 1.1 };
}

function stopReasonOf(reason: EngineGenerateResult['stopReason']): ChatResult['stopReason'] {
  if (reason === 'cancelled') return 'cancelled';
  return reason === 'end' || reason === 'stop' ? 'end' : 'length';
}

function rate(tokens: number, durationMs: number): number {
  return durationMs > 0 ? (tokens * 1000) / durationMs : 0;
}
