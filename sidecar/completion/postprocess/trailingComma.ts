import { overtypedUnits } from './closers.ts';
import type { Filter } from './filter.ts';

/** JSON allows no comma before a closer. */
export const dropTrailingComma: Filter = (text, { cursor }) => {
  if (cursor.languageId !== 'json' || !/^\s*[}\]]/.test(cursor.after.slice(overtypedUnits(text, cursor)))) return text;
  return text.replace(/,\s*$/, '');
};
