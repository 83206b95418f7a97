import { TELLING_LINE_UNITS } from '../stopping.ts';
import { documentLines, type Filter } from './filter.ts';

/** Code that goes on behind a repetition (`[0, 0, 0, 0, 0];`) got out of it. */
const loopAtEnd = /(.{2,40}?)\1{4,}$/u;
/** A rule of dashes: repetition that is meant. */
const meantToRepeat = /^[\s=*#/~_.+-]+$/;
/** Zeros of a long number, or of a mask. */
const MAX_RUN_UNITS = 64;

/** Cuts where the model began to go in circles: a line three times in a row or all in all, or a run of characters five times and to the end of a line. */
export const cutLoops: Filter = (text, { cursor }) => {
  const lines = documentLines(text, cursor);
  const upTo = (end: number): string => text.split('\n').slice(0, end).join('\n');
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (!cursor.syntax.prose && endsInLoop(index === 0 ? text.split('\n', 1)[0] ?? '' : line)) return upTo(index);
    const again = repetitions(lines.slice(0, index + 1));
    if (again.length > 2) return upTo(again[1] ?? 0);
  }
  return text;
};

function endsInLoop(line: string): boolean {
  const [loop, unit = ''] = loopAtEnd.exec(line) ?? [];
  if (loop === undefined || meantToRepeat.test(unit)) return false;
  return new Set(unit).size > 1 || loop.length > MAX_RUN_UNITS;
}

/** Where the last line stands, at the same depth, since nested code repeats: among all lines if it is a telling one, else in the row that it ends. */
function repetitions(lines: readonly string[]): number[] {
  const last = lines.at(-1)?.trimEnd() ?? '';
  const units = last.trimStart().length;
  if (units < 2) return [];
  const places = lines.flatMap((line, index) => (line.trimEnd() === last ? [index] : []));
  if (units >= TELLING_LINE_UNITS) return places;
  let inRow = 1;
  while (places.at(-1 - inRow) === lines.length - 1 - inRow) inRow++;
  return places.slice(-inRow);
}
