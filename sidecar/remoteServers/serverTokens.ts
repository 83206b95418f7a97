import { parseJson } from '../common/parseJson.ts';
import type { TemplateMessage, TokenId } from '../protocol/engine.ts';

/**
 * Services work in tokens, but the tokens of a server's model are unknown here. So a server's engine uses pieces of
 * text as tokens: up to three ASCII characters, or one other character. In most vocabularies code has as many or fewer
 * tokens. A piece's number encodes its text, so no table is needed.
 */
const MAX_UNITS = 3;
const UNIT = 2 ** 16;
const LENGTH = UNIT ** MAX_UNITS;
/** Numbers from here on are marks. */
const FIRST_MARK = 2 ** 52;

/** Marks between the pieces of a prompt. */
export const Marks = {
  /** Followed by the JSON of a message. */
  message: FIRST_MARK,
  /** Followed by the required start of the answer. */
  answer: FIRST_MARK + 1,
  fimPrefix: FIRST_MARK + 2,
  fimSuffix: FIRST_MARK + 3,
  fimMiddle: FIRST_MARK + 4,
} as const;

/** Encodes a text as numbers. `decodePieces` returns the same text. */
export function encodePieces(text: string): TokenId[] {
  const tokens: TokenId[] = [];
  for (let start = 0; start < text.length;) {
    let end = start + 1;
    if (text.charCodeAt(start) < 128)
      while (end < text.length && end - start < MAX_UNITS && text.charCodeAt(end) < 128) end++;
    else if ((text.codePointAt(start) ?? 0) > 0xffff) end = start + 2;
    tokens.push(pieceOf(text, start, end));
    start = end;
  }
  return tokens;
}

/** Returns the text of pieces. Throws `RangeError` for a mark. */
export function decodePieces(tokens: readonly TokenId[]): string {
  return tokens.map(textOf).join('');
}

export function isMark(token: TokenId): boolean {
  return token >= FIRST_MARK;
}

/** A mark and the text behind it. The text at a prompt's beginning has no mark. */
export interface MarkedText {
  readonly mark: TokenId | undefined;
  readonly text: string;
}

/** Splits a prompt at its marks. */
export function splitAtMarks(tokens: readonly TokenId[]): MarkedText[] {
  const starts = [0, ...tokens.flatMap((token, index) => (isMark(token) ? [index] : [])), tokens.length];
  return starts.slice(0, -1).flatMap((start, index): MarkedText[] => {
    const part = tokens.slice(start, starts[index + 1]);
    const [first] = part;
    if (first === undefined) return [];
    return isMark(first)
      ? [{ mark: first, text: decodePieces(part.slice(1)) }]
      : [{ mark: undefined, text: decodePieces(part) }];
  });
}

/** Encodes a conversation as a prompt. The server applies its own template. */
export function encodeMessages(messages: readonly TemplateMessage[]): TokenId[] {
  return [...messages.flatMap((message) => [Marks.message, ...encodePieces(JSON.stringify(message))]), Marks.answer];
}

/** Returns a prompt's conversation and the required start of its answer, or `undefined` if the prompt is plain text. */
export function decodeMessages(
  parts: readonly MarkedText[],
): { readonly messages: readonly TemplateMessage[]; readonly answerStart: string } | undefined {
  const answer = parts.find(({ mark }) => mark === Marks.answer);
  if (!answer) return undefined;
  return {
    messages: parts.filter(({ mark }) => mark === Marks.message).map(({ text }) => parseJson(text) as TemplateMessage),
    answerStart: answer.text,
  };
}

function pieceOf(text: string, start: number, end: number): TokenId {
  let piece = (end - start) * LENGTH;
  for (let index = start, factor = 1; index < end; index++, factor *= UNIT) piece += text.charCodeAt(index) * factor;
  return piece;
}

function textOf(token: TokenId): string {
  const length = Math.floor(token / LENGTH);
  if (!Number.isSafeInteger(token) || length < 1 || length > MAX_UNITS)
    throw new RangeError(`Expected a piece of text, got the token ${token}.`);
  return String.fromCharCode(...Array.from({ length }, (_, index) => Math.floor(token / UNIT ** index) % UNIT));
}
