import { openerOf } from './brackets.ts';
import type { Filter } from './filter.ts';

/**
 * A body put between an opener and the closer that the editor set right behind it ends with a line break, so that the closer gets its line. Another closer
 * (`f(() => {‸)`) stays behind what the completion closes itself.
 */
export const giveCloserItsLine: Filter = (text, { cursor }) => {
  const opener = cursor.linePrefix.trimEnd().at(-1);
  const closer = cursor.lineSuffix.trimStart().at(0) ?? '';
  if (!text.startsWith('\n') || opener === undefined || openerOf[closer] !== opener) return text;
  return `${text}\n${/^\s*/.exec(cursor.linePrefix)?.[0] ?? ''}`;
};
