import type { Cursor } from '../cursor.ts';
import { isCommentLine } from '../languages.ts';
import { linesInLongStrings } from '../longString.ts';
import { openAtEnd, withoutApostrophes } from '../openAtEnd.ts';
import { brackets, endOfString, openerOf, type StringEnd } from './brackets.ts';
import { documentLines, type Filter } from './filter.ts';

/**
 * Cuts at a round or square bracket that closes nothing, neither in the completion nor before the cursor. What is open before the cursor is known
 * only back to where a line begins at the margin, which is enough: statements begin there. In comments and texts of several lines one may stand alone.
 */
export const cutUnmatchedCloser: Filter = (text, { cursor }) => {
  const { syntax } = cursor;
  if (syntax.loneClosers === true) return text;
  // A string that the cursor is in is read from where it begins.
  const lead = openAtEnd(withoutApostrophes(cursor.linePrefix), syntax).isInString ? cursor.linePrefix : '';
  const statement = statementBefore(cursor.before);
  const open = openBrackets(statement.slice(0, Math.max(0, statement.length - lead.length)));
  for (const { index, bracket } of brackets(lead + text, endOnItsLine)) {
    const own = text.slice(0, Math.max(0, index - lead.length));
    if (openerOf[bracket] === undefined) open.push(bracket);
    else if (open.at(-1) === openerOf[bracket]) open.pop();
    else if (index >= lead.length && bracket !== '}' && !open.includes(openerOf[bracket]) && !isWords(own, text, cursor)) return own;
  }
  return text;
};

/** Whether the line behind a part of the completion is a comment, or in a string of several lines. */
function isWords(part: string, text: string, cursor: Cursor): boolean {
  const lines = documentLines(text, cursor);
  const index = part.split('\n').length - 1;
  const inLongString = linesInLongStrings(lines, cursor.syntax);
  return isCommentLine(lines[index] ?? '', cursor.syntax) || inLongString[index] === true || inLongString[index + 1] === true;
}

function openBrackets(text: string): string[] {
  const open: string[] = [];
  for (const { bracket } of brackets(text, endOnItsLine)) {
    if (openerOf[bracket] === undefined) open.push(bracket);
    else if (open.at(-1) === openerOf[bracket]) open.pop();
  }
  return open;
}

/** A quote without another one on its line is an apostrophe, or in the midst of a string. */
const endOnItsLine: StringEnd = (text, index) => {
  const quote = text[index] ?? '';
  const end = endOfString(text, index + 1, quote);
  return text[end] === quote && !text.slice(index, end).includes('\n') ? end : undefined;
};

/** The last lines before the cursor, from one that begins with a letter at the margin. */
function statementBefore(before: string): string {
  const window = before.slice(-8192);
  const starts = [...window.matchAll(/^[\p{L}_@#]/gmu)];
  return window.slice(starts.at(-1)?.index ?? 0);
}
