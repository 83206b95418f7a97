import { ChatService } from '../../chat/chatService.ts';
import { languageOf } from '../../chat/language.ts';
import type { EngineProcess } from '../../engine/process/engineProcess.ts';
import type { LoadedModel } from '../../protocol/engine.ts';

/** What a model knows of one language. */
export interface LanguageResult {
  /** BCP 47 tag. */
  readonly language: string;
  /** Of UTF-8, of the text that was measured. */
  readonly bytes?: number;
  readonly tokensPerByte?: number;
  /**
   * Bits that the model needs for a byte of the text: comparable between models of any vocabulary, and between
   * languages with care.
   */
  readonly bitsPerByte?: number;
  /** Questions that were asked in it, and those of them that were answered in it. */
  readonly asked: number;
  readonly answeredInIt: number;
  /** The language of each answer; `undefined`: it has too few words that are not code. */
  readonly answers: readonly (string | undefined)[];
}

export interface LanguageMeasure {
  readonly language: string;
  readonly text?: string | undefined;
  readonly questions: readonly string[];
  /** Tokens of a chunk of the text; the second half of each counts. */
  readonly chunkTokens: number;
  readonly maxAnswerTokens: number;
}

/**
 * Measures one language. Bits per byte are the perplexity by llama.cpp's protocol, in bits per token, by the text's
 * tokens per byte. Questions are asked as the chat panel asks them, each in a conversation of its own, at temperature
 * 0. Throws `TroubleError`.
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
