import { opensBlock } from '../../syntax/blocks.ts';
import type { Cursor } from '../cursor.ts';
import { openAtEnd } from '../../syntax/openAtEnd.ts';
import { openerOf } from '../../syntax/brackets.ts';
import type { Filter } from './filter.ts';

/**
 * Puts the closer on its own line if the editor set it right behind the opener and the completion is a body between
 * them. Another closer (`f(() => {‸)`) stays behind the text that the completion closes itself.
 */
export const giveCloserItsLine: Filter = (text, { cursor }) => {
  if (!text.startsWith('\n')) return text;
  const opener = openerBefore(cursor);
  if (opener === undefined || openerOf[cursor.lineSuffix.trimStart().charAt(0)] !== opener) return text;
  return `${text}\n${/^\s*/.exec(cursor.linePrefix)?.[0] ?? ''}`;
};

/** Returns the bracket that opens the body at the cursor: right before it, or before the parameters of a lambda. */
function openerBefore({ linePrefix, syntax }: Cursor): string | undefined {
  const [last] = /[{([](?=\s*$)/.exec(linePrefix) ?? [];
  if (last !== undefined || !opensBlock(linePrefix, syntax)) return last;
  return linePrefix[openAtEnd(linePrefix, syntax).openBrackets.at(-1) ?? -1];
}
