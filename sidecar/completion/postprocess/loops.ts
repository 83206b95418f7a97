import { loopStart } from '../repeatedLines.ts';
import { documentLines, type Filter, firstLines } from './filter.ts';

/** Code that continues behind a repetition (`[0, 0, 0, 0, 0];`) is no loop. */
const loopAtEnd = /(.{2,40}?)\1{4,}$/u;
/** A rule of dashes is an intended repetition. */
const meantToRepeat = /^[\s=*#/~_.+-]+$/;
/** The zeros of a long number, or of a mask. */
const MAX_RUN_UNITS = 64;

/**
 * Cuts where the model began to loop: in lines, or with five or more repetitions of some characters up to the end of a
 * line.
 */
export const cutLoops: Filter = (text, { cursor }) => {
  const lines = documentLines(text, cursor);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (!cursor.syntax.prose && endsInLoop(index === 0 ? (text.split('\n', 1)[0] ?? '') : line))
      return firstLines(text, index);
    const loop = loopStart(lines.slice(0, index + 1));
    if (loop !== undefined) return firstLines(text, loop);
  }
  return text;
};

function endsInLoop(line: string): boolean {
  const [loop, unit = ''] = loopAtEnd.exec(line) ?? [];
  if (loop === undefined || meantToRepeat.test(unit)) return false;
  return new Set(unit).size > 1 || loop.length > MAX_RUN_UNITS;
}
