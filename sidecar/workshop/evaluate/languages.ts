import { ChatService } from '../../chat/chatService.ts';
import { languageOf } from '../../chat/answerLanguage.ts';
import type { EngineProcess } from '../../engine/process/engineProcess.ts';
import type { LoadedModel } from '../../protocol/engine.ts';

/** The results of a model in a language. */
export interface LanguageResult {
  /** BCP 47 tag. */
  readonly language: string;
  /** The UTF-8 bytes of the measured text. */
  readonly bytes?: number;
  readonly tokensPerByte?: number;
  /**
   * The bits that the model needs per byte of the text. They can be compared between models of any vocabulary, and with
   * care between languages.
   */
  readonly bitsPerByte?: number;
  /** The numbers of questions in the language, and of answers in it. */
  readonly asked: number;
  readonly answeredInIt: number;
  /** The language of each answer. `undefined` if it has too few words outside code. */
  readonly answers: readonly (string | undefined)[];
}

export interface LanguageMeasure {
  readonly language: string;
  readonly text?: string | undefined;
  readonly questions: readonly string[];
  /** The tokens of a chunk of the text. The second half of each chunk counts. */
  readonly chunkTokens: number;
  readonly maxAnswerTokens: number;
}

/**
 * Measures a language. Bits per byte are the perplexity by llama.cpp's protocol, in bits per token, times the text's
 * tokens per byte. Questions are asked as in the chat panel, each in its own conversation, at temperature 0. Throws
 * `TroubleError`.
 */
export async function evaluateLanguage(
  engine: EngineProcess,
  model: LoadedModel,
  measure: LanguageMeasure,
  signal: AbortSignal,
): Promise<LanguageResult> {
  const { language, text, questions, chunkTokens, maxAnswerTokens } = measure;
  const chat = new ChatService({ session: { engine, model: async () => model } });
  const answers: (string | undefined)[] = [];
  for (const [index, content] of questions.entries()) {
    signal.throwIfAborted();
    const conversationId = `${language}:${index}`;
    const answer = await chat.chat(
      { conversationId, messages: [{ role: 'user', content }] },
      { temperature: 0, maxTokens: maxAnswerTokens },
      () => undefined,
      signal,
    );
    answers.push(await languageOf(answer.text));
    await chat.forgetConversations(conversationId);
  }
  return {
    language,
    ...(text === undefined ? {} : await measureText(engine, text, chunkTokens, signal)),
    asked: questions.length,
    answeredInIt: answers.filter((answer) => answer === language).length,
    answers,
  };
}

async function measureText(
  engine: EngineProcess,
  text: string,
  chunkTokens: number,
  signal: AbortSignal,
): Promise<Pick<LanguageResult, 'bytes' | 'tokensPerByte' | 'bitsPerByte'>> {
  const bytes = Buffer.byteLength(text);
  const tokensPerByte = (await engine.tokenize(text)).length / bytes;
  const { perplexity } = await engine.perplexity({ text, contextTokens: chunkTokens }, { signal });
  return { bytes, tokensPerByte, bitsPerByte: Math.log2(perplexity) * tokensPerByte };
}
