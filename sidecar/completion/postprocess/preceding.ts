import { documentLines, type Filter, precedingLines } from './filter.ts';

/** Lines as short as this (`}`, `else:`, `end`) repeat in good code. */
const MIN_TELLING_UNITS = 8;

/**
 * No repetition of what stands right above: one line said again, or all the lines from one of them to the cursor. Behind a head that the user wrote, the same
 * body as elsewhere is meant.
 */
export const dropPreceding: Filter = (text, { cursor }) => {
  const lines = documentLines(text, cursor).filter((line) => line.trim() !== '');
  const first = lines[0]?.trim() ?? '';
  if (first.length < MIN_TELLING_UNITS) return text;
  const above = precedingLines(cursor, 12).map((line) => line.trim());
  if (above.at(-1) === first) return '';
  if (lines.length < 2) return repeatsTrain(first, above) ? '' : text;
  if (cursor.linePrefix.trim() !== '') return text;
  for (let length = 2; length <= Math.min(lines.length, above.length); length++) {
    const last = above.slice(-length);
    if (last.every((line, index) => line === lines[index]?.trim())) return '';
  }
  return text;
};

/** A B A B, and now A again. */
function repeatsTrain(first: string, above: readonly string[]): boolean {
  return above.length >= 4 && above.at(-2) === first && above.at(-4) === first && above.at(-1) === above.at(-3);
}
