import type { Filter } from './filter.ts';

/** A multi-line completion that was cut off ends with its last whole line. */
export const dropUnfinishedLine: Filter = (text, { multiline, ended }) => {
  if (!multiline || ended) return text;
  const end = text.lastIndexOf('\n');
  return end <= 0 ? text : text.slice(0, end);
};
