import type { Cursor } from '../cursor.ts';
import { isCommentLine } from '../../syntax/languages.ts';
import { openAtEnd, withoutApostrophes } from '../../syntax/openAtEnd.ts';
import type { Filter } from './filter.ts';

/** No repetition of the rest of the cursor's line: a completion that runs into it ends where it begins. */
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
  // What stays open to the end of the text keeps nothing together.
  const last = text.trimEnd().length - rest.length;
  return text.trimEnd().endsWith(rest) && leavesOwnOpen(firstLine) ? text.slice(0, last) : text;
};

/** Whether the line is words, in which brackets and quotes keep nothing together. */
function isText(firstLine: string, { linePrefix, syntax }: Cursor): boolean {
  return syntax.prose || syntax.blocks === 'none' || isCommentLine(linePrefix + firstLine, syntax);
}

/**
 * Tells whether something that a text opened, a bracket or a string, is still open behind it: what follows is said in
 * there.
 */
function ownOpenIn({ linePrefix, syntax }: Cursor): (text: string) => boolean {
  const beganInString = openAtEnd(linePrefix, syntax).isInString;
  return (text) => {
    const { openBrackets, isInString } = openAtEnd(withoutApostrophes(linePrefix + text), syntax);
    return (isInString && !beganInString) || openBrackets.some((index) => index >= linePrefix.length);
  };
}
