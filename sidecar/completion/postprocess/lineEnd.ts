import type { Filter } from './filter.ts';

/** A single-line completion ends with the line. */
export const cutAtLineEnd: Filter = (text, { multiline }) => {
  const end = text.indexOf('\n');
  return multiline || end < 0 ? text : text.slice(0, end);
};
