import type { EngineGenerateParams, SamplingParams } from '../protocol/engine.ts';
import type { FillIn } from './fillIn.ts';
import { decodeMessages, Marks, splitAtMarks, type MarkedText } from './serverTokens.ts';

/** OpenAI's own API takes no more. */
const MAX_STOP_TEXTS = 4;

/** A generation as the API has it. */
export interface ApiRequest {
  readonly path: 'completions' | 'chat/completions';
  readonly body: object;
  /** What the answer is to begin with, said by the prompt alone. */
  readonly answerStart: string;
  /** What stands at the prompt's end, because the model goes on behind it, and is part of the answer nevertheless. */
  readonly given: string;
}

/**
 * What to send for `params`: a conversation, or a text to go on with or to fill in. Only parameters that every server
 * knows are used.
 */
export function apiRequest(params: Omit<EngineGenerateParams, 'requestId'>, model: string, fillIn: FillIn): ApiRequest {
  const parts = splitAtMarks(params.tokens);
  const conversation = decodeMessages(parts);
  const common = { model, max_tokens: params.maxTokens, stream: true, ...samplingOf(params.sampling) };
  const stop = (params.stop ?? []).filter((text) => text !== '').slice(0, MAX_STOP_TEXTS);
  const stopping = stop.length > 0 ? { stop } : {};
  if (conversation) {
    const { messages, answerStart } = conversation;
    // A stop text may be what opens the block that the answer is to begin with.
    const body = { ...common, messages, ...(answerStart === '' ? stopping : {}), ...formatOf(params.jsonSchema) };
    return { path: 'chat/completions', body, answerStart, given: '' };
  }
  const given = params.requiredPrefix ?? '';
  const text = fillIn.kind === 'suffix' ? withSuffix(parts, given) : { prompt: spelled(parts, fillIn, given) };
  return { path: 'completions', body: { ...common, ...text, ...stopping }, answerStart: '', given };
}

function samplingOf({ temperature, topP, seed }: SamplingParams): object {
  return { temperature, ...(topP === undefined ? {} : { top_p: topP }), ...(seed === undefined ? {} : { seed }) };
}

function formatOf(jsonSchema: object | undefined): object {
  return jsonSchema
    ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: jsonSchema } } }
    : {};
}

/** Prefix and suffix by themselves; what names the file stands before the prefix. */
function withSuffix(parts: readonly MarkedText[], given: string): object {
  const suffix = parts.find(({ mark }) => mark === Marks.fimSuffix)?.text ?? '';
  const prompt =
    parts.flatMap(({ mark, text }) => (mark === undefined || mark === Marks.fimPrefix ? [text] : [])).join('') + given;
  return suffix === '' ? { prompt } : { prompt, suffix };
}

/**
 * The prompt as text with the family's marks; what token healing took from the end of the prefix stands there again.
 */
function spelled(parts: readonly MarkedText[], fillIn: FillIn, given: string): string {
  const last = parts.findLast(({ mark }) => mark === Marks.fimPrefix) ?? parts.at(-1);
  const text = parts.map((part) => spellingOf(part.mark, fillIn) + part.text + (part === last ? given : '')).join('');
  return parts.length === 0 ? given : text;
}

function spellingOf(mark: number | undefined, fillIn: FillIn): string {
  if (mark === undefined || fillIn.kind !== 'marks') return '';
  const { prefix, suffix, middle = '' } = fillIn.family;
  if (mark === Marks.fimPrefix) return prefix;
  return mark === Marks.fimSuffix ? suffix : middle;
}
