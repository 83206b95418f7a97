import type { Cursor } from '../cursor.ts';
import { openAtEnd } from '../openAtEnd.ts';
import type { Filter } from './filter.ts';

/** No repetition of the rest of the cursor's line: a completion that runs into it ends where it begins. */
export const dropLineSuffix: Filter = (text, { cursor }) => {
  const rest = cursor.lineSuffix.trim();
  if (!/[\p{L}\p{N}]/u.test(rest)) return text;
  const lineEnd = text.indexOf('\n');
  const firstLine = lineEnd < 0 ? text : text.slice(0, lineEnd);
  for (let at = firstLine.indexOf(rest); at >= 0; at = firstLine.indexOf(rest, at + 1)) {
    const kept = firstLine.slice(0, at);
    if (!leavesOwnOpen(kept, cursor)) return kept;
  }
  return text;
};

/** Whether something that the text opened, a bracket or a string, is still open behind it: what follows is said in there. */
function leavesOwnOpen(text: string, { linePrefix, syntax }: Cursor): boolean {
  const { openBrackets, isInString } = openAtEnd(linePrefix + text, syntax);
  const beganInString = openAtEnd(linePrefix, syntax).isInString;
  return (isInString && !beganInString) || openBrackets.some((index) => index >= linePrefix.length);
}
