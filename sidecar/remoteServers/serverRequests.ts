import type { EngineGenerateParams, SamplingParams } from '../protocol/engine.ts';
import type { FillIn } from './fillIn.ts';
import { decodeMessages, Marks, splitAtMarks, type MarkedText } from './serverTokens.ts';

/** OpenAI's API accepts at most this many. */
const MAX_STOP_TEXTS = 4;

/** A generation in the API's form. */
export interface ApiRequest {
  readonly path: 'completions' | 'chat/completions';
  readonly body: object;
  /** The required start of the answer, which only the prompt asks for. */
  readonly answerStart: string;
  /** Text at the prompt's end that also belongs to the answer, since the model continues behind it. */
  readonly given: string;
}

/**
 * Returns the API request for `params`: a conversation, or a text to continue or to fill in. Uses only parameters that
 * every server knows.
 */
export function apiRequest(params: Omit<EngineGenerateParams, 'requestId'>, model: string, fillIn: FillIn): ApiRequest {
  const parts = splitAtMarks(params.tokens);
  const conversation = decodeMessages(parts);
  const common = { model, max_tokens: params.maxTokens, stream: true, ...samplingOf(params.sampling) };
  const stop = (params.stop ?? []).filter((text) => text !== '').slice(0, MAX_STOP_TEXTS);
  const stopping = stop.length > 0 ? { stop } : {};
  if (conversation) {
    const { messages, answerStart } = conversation;
    // A stop text may be the opening fence that the answer must begin with.
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

/**
 * Returns prefix and suffix as separate fields. The text that names the file and text behind the middle mark are part
 * of the prefix.
 */
function withSuffix(parts: readonly MarkedText[], given: string): object {
  const suffix = parts.find(({ mark }) => mark === Marks.fimSuffix)?.text ?? '';
  const prompt = parts.flatMap(({ mark, text }) => (mark === Marks.fimSuffix ? [] : [text])).join('') + given;
  return suffix === '' ? { prompt } : { prompt, suffix };
}

/**
 * Returns the prompt as text with the family's marks. The text that token healing took back is restored: behind the
 * middle mark, or else at the end of the prefix.
 */
function spelled(parts: readonly MarkedText[], fillIn: FillIn, given: string): string {
  const last =
    parts.find(({ mark }) => mark === Marks.fimMiddle) ??
    parts.findLast(({ mark }) => mark === Marks.fimPrefix) ??
    parts.at(-1);
  const text = parts.map((part) => spellingOf(part.mark, fillIn) + part.text + (part === last ? given : '')).join('');
  return parts.length === 0 ? given : text;
}

function spellingOf(mark: number | undefined, fillIn: FillIn): string {
  if (mark === undefined || fillIn.kind !== 'marks') return '';
  const { prefix, suffix, middle = '' } = fillIn.family;
  if (mark === Marks.fimPrefix) return prefix;
  return mark === Marks.fimSuffix ? suffix : middle;
}
