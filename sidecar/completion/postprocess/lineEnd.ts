import type { Filter } from './filter.ts';

/** Ends a single-line completion with the line. */
export const cutAtLineEnd: Filter = (text, { multiline }) => {
  const end = text.indexOf('\n');
  return multiline || end < 0 ? text : text.slice(0, end);
};
