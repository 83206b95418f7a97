import { documentLines, type Filter, precedingLines } from './filter.ts';

/** Lines as short as this (`}`, `else:`, `end`) repeat in good code. */
const MIN_TELLING_UNITS = 8;

/** No repetition of what stands right above: one line said again, or several lines said again from their first. */
export const dropPreceding: Filter = (text, { cursor }) => {
  const lines = documentLines(text, cursor).filter((line) => line.trim() !== '');
  const first = lines[0]?.trim() ?? '';
  if (first.length < MIN_TELLING_UNITS) return text;
  const above = precedingLines(cursor, 12).map((line) => line.trim());
  if (above.at(-1) === first) return '';
  if (lines.length < 2) return repeatsTrain(first, above) ? '' : text;
  for (let start = 0; start + 1 < above.length; start++) {
    const shared = lines.slice(0, above.length - start);
    if (shared.length > 1 && shared.every((line, index) => line.trim() === above[start + index])) return '';
  }
  return text;
};

/** A B A B, and now A again. */
function repeatsTrain(first: string, above: readonly string[]): boolean {
  return above.length >= 4 && above.at(-2) === first && above.at(-4) === first && above.at(-1) === above.at(-3);
}
