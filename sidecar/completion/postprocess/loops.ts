import { TELLING_LINE_UNITS } from '../stopping.ts';
import type { Filter } from './filter.ts';

const loopInLine = /(.{2,40}?)\1{3,}/u;
/** A rule of dashes, a row of zeros in a table: repetition that is meant. */
const meantToRepeat = /^[\s=*#/~_.+-]+$/;

/** Cuts where the model began to go in circles: a line three times in a row or all in all, or a run of characters four times within a line. */
export const cutLoops: Filter = (text, { cursor }) => {
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const loop = loopInLine.exec(line)?.[1];
    if (loop !== undefined && !meantToRepeat.test(loop) && !cursor.syntax.prose) return lines.slice(0, index).join('\n');
    const again = repetitions(lines.slice(0, index + 1));
    if (again.length > 2) return lines.slice(0, again[1]).join('\n');
  }
  return text;
};

/** Where the last line stands, among all lines if it is a telling one, else in the row that it ends. */
function repetitions(lines: readonly string[]): number[] {
  const last = lines.at(-1)?.trim() ?? '';
  if (last.length < 2) return [];
  const places = lines.flatMap((line, index) => (line.trim() === last ? [index] : []));
  if (last.length >= TELLING_LINE_UNITS) return places;
  let inRow = 1;
  while (places.at(-1 - inRow) === lines.length - 1 - inRow) inRow++;
  return places.slice(-inRow);
}
