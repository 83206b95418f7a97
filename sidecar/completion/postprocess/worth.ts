import type { Filter } from './filter.ts';

/**
 * Nothing that saves no typing: closers and punctuation alone, where the line is a fresh one or the same stands there
 * already.
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
