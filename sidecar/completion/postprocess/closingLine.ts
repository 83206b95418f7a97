import type { Filter } from './filter.ts';

const opened = /[{([]\s*$/;
const closes = /^\s*[})\]]/;

/** A body put between an opener and the closer that the editor set right behind it ends with a line break, so that the closer gets its line. */
export const giveCloserItsLine: Filter = (text, { cursor }) => {
  if (!text.startsWith('\n') || !opened.test(cursor.linePrefix) || !closes.test(cursor.lineSuffix)) return text;
  return `${text}\n${/^\s*/.exec(cursor.linePrefix)?.[0] ?? ''}`;
};
