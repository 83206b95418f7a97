import type { Filter } from './filter.ts';

/** No repetition of the rest of the cursor's line: a completion that runs into it ends where it begins. */
export const dropLineSuffix: Filter = (text, { cursor }) => {
  const rest = cursor.lineSuffix.trim();
  if (rest === '') return text;
  const lineEnd = text.indexOf('\n');
  const firstLine = lineEnd < 0 ? text : text.slice(0, lineEnd);
  if (/[\p{L}\p{N}]/u.test(rest)) {
    const at = firstLine.indexOf(rest);
    return at < 0 ? text : firstLine.slice(0, at);
  }
  return text;
};
