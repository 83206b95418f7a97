import type { Filter } from './filter.ts';

/** Trims white space at the end of lines and of the whole text. Text of white space only becomes ''. */
export const trimWhitespace: Filter = (text, { cursor }) => {
  const trimmed = text.replace(/[ \t]+(?=\n)/g, '').trimEnd();
  if (trimmed === '') return '';
  // A space is intended before text that stays on the line, and before a brace that has a space on its other side.
  const isBeforeBrace = /^ [^\n]*$/.test(text) && cursor.lineSuffix.startsWith('}');
  const keepsSpace = /[ \t]$/.test(text) && (isBeforeBrace || /^[\p{L}\p{N}_]/u.test(cursor.lineSuffix));
  return keepsSpace ? `${trimmed} ` : trimmed;
};
