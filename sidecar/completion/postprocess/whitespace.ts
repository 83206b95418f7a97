import type { Filter } from './filter.ts';

/** No white space at the end of lines or of the whole; text that is nothing else is nothing. */
export const trimWhitespace: Filter = (text, { cursor }) => {
  const trimmed = text.replace(/[ \t]+(?=\n)/g, '').trimEnd();
  if (trimmed === '') return '';
  // A space before text that stays on the line was meant, and one before a brace that has one on its other side.
  const isBeforeBrace = /^ [^\n]*$/.test(text) && cursor.lineSuffix.startsWith('}');
  const keepsSpace = /[ \t]$/.test(text) && (isBeforeBrace || /^[\p{L}\p{N}_]/u.test(cursor.lineSuffix));
  return keepsSpace ? `${trimmed} ` : trimmed;
};
