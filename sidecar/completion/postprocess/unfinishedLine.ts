import type { Filter } from './filter.ts';

/** Ends a multi-line completion that was cut off with its last whole line. */
export const dropUnfinishedLine: Filter = (text, { multiline, ended }) => {
  if (!multiline || ended) return text;
  const end = text.lastIndexOf('\n');
  return end <= 0 ? text : text.slice(0, end);
};
