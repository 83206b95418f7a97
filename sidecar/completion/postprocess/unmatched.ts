import type { Cursor } from '../cursor.ts';
import { isCommentLine } from '../../syntax/languages.ts';
import { linesInLongStrings } from '../../syntax/longString.ts';
import { brackets, endOnItsLine, openerOf } from '../../syntax/brackets.ts';
import { documentLines, type Filter } from './filter.ts';
import { stringAtCursor } from './stringAtCursor.ts';

/**
 * Cuts at a round or square bracket that closes nothing, neither in the completion nor before the cursor. The text
 * before the cursor is read back to a line that begins at the margin, since statements begin there. In comments and
 * strings of several lines a bracket may stand alone.
 */
export const cutUnmatchedCloser: Filter = (text, { cursor }) => {
  if (cursor.syntax.loneClosers === true) return text;
  const statement = statementBefore(cursor.before);
  const asCode = firstUnmatched(text, 0, statement, cursor);
  const string = asCode < text.length ? stringAtCursor(text, cursor) : undefined;
  if (string === undefined) return text.slice(0, asCode);
  // In a regular expression, a quote may only look like the beginning of a string. Then the text after it is code.
  const beforeString = statement.slice(0, Math.max(0, statement.length - string.units));
  return text.slice(0, Math.max(asCode, firstUnmatched(text, string.end, beforeString, cursor)));
};

/** Returns the index of the first bracket from `from` on that closes nothing, or the end of the text. */
function firstUnmatched(text: string, from: number, before: string, cursor: Cursor): number {
  const open = openBrackets(before);
  for (const { index, bracket } of brackets(text.slice(from), endOnItsLine)) {
    const at = from + index;
    if (openerOf[bracket] === undefined) open.push(bracket);
    else if (open.at(-1) === openerOf[bracket]) open.pop();
    else if (bracket !== '}' && !open.includes(openerOf[bracket]) && !isWords(text.slice(0, at), text, cursor))
      return at;
  }
  return text.length;
}

/** Whether the line behind a part of the completion is a comment, or in a string of several lines. */
function isWords(part: string, text: string, cursor: Cursor): boolean {
  const lines = documentLines(text, cursor);
  const index = part.split('\n').length - 1;
  const inLongString = linesInLongStrings(lines, cursor.syntax);
  return (
    isCommentLine(lines[index] ?? '', cursor.syntax) || inLongString[index] === true || inLongString[index + 1] === true
  );
}

function openBrackets(text: string): string[] {
  const open: string[] = [];
  for (const { bracket } of brackets(text, endOnItsLine)) {
    if (openerOf[bracket] === undefined) open.push(bracket);
    else if (open.at(-1) === openerOf[bracket]) open.pop();
  }
  return open;
}

/** Returns the last lines before the cursor, from a line that begins with a letter at the margin. */
function statementBefore(before: string): string {
  const window = before.slice(-8192);
  const starts = [...window.matchAll(/^[\p{L}_@#]/gmu)];
  return window.slice(starts.at(-1)?.index ?? 0);
}
