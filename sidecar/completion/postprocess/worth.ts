import type { Filter } from './filter.ts';

/**
 * Drops text that saves no typing: a single punctuation mark on a fresh line, a row of marks, or only the start of a
 * comment.
 */
export const dropWorthless: Filter = (text, { cursor }) => {
  const core = text.trim();
  if (core === '') return '';
  const punctuationOnly = !/[\p{L}\p{N}]/u.test(core);
  if (punctuationOnly && core.length < 2 && cursor.linePrefix.trim() === '') return '';
  if (!cursor.syntax.prose && /^[*#_~|\\^]+$/.test(core)) return '';
  if (/^(\/\/|#|--|\/\*)$/.test(core)) return '';
  return text;
};
