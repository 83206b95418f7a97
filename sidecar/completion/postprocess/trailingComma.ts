import { overtypedUnits } from './closers.ts';
import type { Filter } from './filter.ts';

/** Drops a comma before a closer. JSON does not allow it, and editors warn of it in JSON with comments. */
export const dropTrailingComma: Filter = (text, { cursor }) => {
  if (!/^jsonc?$/.test(cursor.languageId) || !/^\s*[}\]]/.test(cursor.after.slice(overtypedUnits(text, cursor))))
    return text;
  return text.replace(/,\s*$/, '');
};
