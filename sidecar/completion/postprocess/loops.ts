import type { Filter } from './filter.ts';

/** How often a line or a run of characters may stand in a row before it is taken for a model going in circles. */
const MAX_LINE_REPEATS = 2;
const loopInLine = /(.{2,40}?)\1{3,}/u;

/** Cuts where the model began to go in circles: a line three times in a row, or a run of characters four times within a line. */
export const cutLoops: Filter = (text, { cursor }) => {
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const loop = loopInLine.exec(line);
    if (loop !== null && /[^\s=*#/~_.+-]/u.test(loop[1] ?? '') && !cursor.syntax.prose) return index === 0 ? '' : lines.slice(0, index).join('\n');
    if (line.trim().length > 1 && repeatsAbove(lines, index) > MAX_LINE_REPEATS) return lines.slice(0, index - MAX_LINE_REPEATS + 1).join('\n');
  }
  return text;
};

/** How many lines in a row, up to this one, are the same. */
function repeatsAbove(lines: readonly string[], index: number): number {
  let count = 1;
  while (index - count >= 0 && lines[index - count]?.trim() === lines[index]?.trim()) count++;
  return count;
}
