import type { Cursor } from '../cursor.ts';
import { openAtEnd, withoutApostrophes } from '../../syntax/openAtEnd.ts';
import { endOnItsLine } from '../../syntax/brackets.ts';

/**
 * Finds the string that the cursor is in and that the text ends on its line. Returns its units before the cursor and
 * its end in the text.
 */
export function stringAtCursor(
  text: string,
  { linePrefix, syntax }: Pick<Cursor, 'linePrefix' | 'syntax'>,
): { readonly units: number; readonly end: number } | undefined {
  const { stringStart } = openAtEnd(withoutApostrophes(linePrefix), syntax);
  if (stringStart === undefined) return undefined;
  const end = endOnItsLine(`${linePrefix[stringStart] ?? ''}${text}`, 0);
  return end === undefined ? undefined : { units: linePrefix.length - stringStart, end };
}
