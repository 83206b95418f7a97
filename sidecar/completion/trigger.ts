import type { Cursor } from './cursor.ts';

/**
 * Text after the cursor that still allows a completion: closers, ends of tags and comments, which editors add, then
 * punctuation.
 */
export const onlyClosersFollow = /^(?:\s*(?:[)>}\]"'`]|<\/[\w.:-]*>|\*\/|\/>))*(?:\s*[:{;,])?\s*$/;
const letterFollows = /^[\p{ID_Continue}$]/u;
/** A longer line of code is minified or data, which no user types. A paragraph of prose may be one line. */
const MAX_TYPED_LINE_UNITS = 2000;

/**
 * Whether to complete without a command. Not inside or before words, not in an empty document, not on a minified line.
 * `fillsMiddle`: the model was trained to fill gaps, so only a word after the cursor prevents a completion.
 */
export function worthCompleting(cursor: Cursor, fillsMiddle: boolean): boolean {
  if (cursor.before.trim() === '') return false;
  if (!cursor.syntax.prose && cursor.linePrefix.length + cursor.lineSuffix.length > MAX_TYPED_LINE_UNITS) return false;
  if (onlyClosersFollow.test(cursor.lineSuffix)) return true;
  return fillsMiddle && !letterFollows.test(cursor.lineSuffix.trimStart());
}
