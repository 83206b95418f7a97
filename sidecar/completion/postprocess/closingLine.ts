import { opensBlock } from '../blocks.ts';
import { openAtEnd } from '../openAtEnd.ts';
import { openerOf } from './brackets.ts';
import type { Filter } from './filter.ts';

/**
 * A body put between an opener and the closer that the editor set right behind it ends with a line break, so that the closer gets its line. Another closer
 * (`f(() => {‸)`) stays behind what the completion closes itself.
 */
export const giveCloserItsLine: Filter = (text, { cursor }) => {
  const { linePrefix, lineSuffix, syntax } = cursor;
  const opener = linePrefix[openAtEnd(linePrefix, syntax).openBrackets.at(-1) ?? -1];
  const isBody = text.startsWith('\n') && (/[{([]\s*$/.test(linePrefix) || opensBlock(linePrefix, syntax));
  if (!isBody || opener === undefined || openerOf[lineSuffix.trimStart().charAt(0)] !== opener) return text;
  return `${text}\n${/^\s*/.exec(linePrefix)?.[0] ?? ''}`;
};
