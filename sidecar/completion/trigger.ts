import type { Cursor } from './cursor.ts';

/**
 * What may follow the cursor on its line where text still belongs before it: closers, ends of tags and of comments,
 * which an editor sets too, then punctuation.
 */
export const onlyClosersFollow = /^(?:\s*(?:[)>}\]"'`]|<\/[\w.:-]*>|\*\/|\/>))*(?:\s*[:{;,])?\s*$/;
const letterFollows = /^[\p{ID_Continue}$]/u;
/** Code on a line longer than this is minified or data; a person does not type there. Paragraphs may be of one line. */
const MAX_TYPED_LINE_UNITS = 2000;

/**
 * Whether to complete though nobody asked. Not inside or in front of words, not in an empty document, not on a minified
 * line of code. `fillsMiddle`: the model was trained to fill gaps, so text after the cursor on its line is no obstacle
 * unless it is a word.
 */
export function worthCompleting(cursor: Cursor, fillsMiddle: boolean): boolean {
  if (cursor.before.trim() === '') return false;
  if (!cursor.syntax.prose && cursor.linePrefix.length + cursor.lineSuffix.length > MAX_TYPED_LINE_UNITS) return false;
  if (onlyClosersFollow.test(cursor.lineSuffix)) return true;
  return fillsMiddle && !letterFollows.test(cursor.lineSuffix.trimStart());
}
