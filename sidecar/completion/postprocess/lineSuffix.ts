import type { Cursor } from '../cursor.ts';
import { isCommentLine } from '../../syntax/languages.ts';
import { openAtEnd, withoutApostrophes } from '../../syntax/openAtEnd.ts';
import type { Filter } from './filter.ts';

/** Drops a repetition of the rest of the cursor's line, and all text after it. */
export const dropLineSuffix: Filter = (text, { cursor }) => {
  const rest = cursor.lineSuffix.trim();
  if (!/[\p{L}\p{N}]/u.test(rest)) return text;
  const lineEnd = text.indexOf('\n');
  const firstLine = lineEnd < 0 ? text : text.slice(0, lineEnd);
  const at = firstLine.indexOf(rest);
  if (at < 0) return text;
  if (isText(firstLine, cursor)) return text.slice(0, at);
  const leavesOwnOpen = ownOpenIn(cursor);
  for (let found = at; found >= 0; found = firstLine.indexOf(rest, found + 1)) {
    if (!leavesOwnOpen(firstLine.slice(0, found))) return text.slice(0, found);
  }
  // An opener that stays open to the end of the text has no contents to protect.
  const last = text.trimEnd().length - rest.length;
  return text.trimEnd().endsWith(rest) && leavesOwnOpen(firstLine) ? text.slice(0, last) : text;
};

/** Whether the line is prose, in which brackets and quotes hold nothing together. */
function isText(firstLine: string, { linePrefix, syntax }: Cursor): boolean {
  return syntax.prose || syntax.blocks === 'none' || isCommentLine(linePrefix + firstLine, syntax);
}

/**
 * Returns a function that tells whether a text opened a bracket or string that is still open behind it. The text that
 * follows is then inside.
 */
function ownOpenIn({ linePrefix, syntax }: Cursor): (text: string) => boolean {
  const beganInString = openAtEnd(linePrefix, syntax).isInString;
  return (text) => {
    const { openBrackets, isInString } = openAtEnd(withoutApostrophes(linePrefix + text), syntax);
    return (isInString && !beganInString) || openBrackets.some((index) => index >= linePrefix.length);
  };
}
