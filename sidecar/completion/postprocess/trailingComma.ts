import { overtypedUnits } from './closers.ts';
import type { Filter } from './filter.ts';

/** JSON allows no comma before a closer, and where comments are allowed it is warned of. */
export const dropTrailingComma: Filter = (text, { cursor }) => {
  if (!/^jsonc?$/.test(cursor.languageId) || !/^\s*[}\]]/.test(cursor.after.slice(overtypedUnits(text, cursor))))
    return text;
  return text.replace(/,\s*$/, '');
};
