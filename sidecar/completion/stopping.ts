import { blockLength } from '../syntax/blockLength.ts';
import { circleAt } from './circles.ts';
import type { Cursor } from './cursor.ts';
import { isInLongString } from '../syntax/longString.ts';

/**
 * Whether text that is still being generated holds all that will be kept, so that generating more is a waste: the line
 * is done, or the block that it began is. Asked after every token, with the text after the cursor.
 */
export type StopRule = (text: string) => boolean;

/** A single line ends at its first line break; text that begins with line breaks has nothing on this line. */
export const stopAtLineEnd: StopRule = (text) => text.includes('\n');

/**
 * A block ends at the first complete line that is not in it or closes it, where an empty stretch of two lines begins,
 * or in circles.
 */
export function stopAtBlockEnd(cursor: Cursor): StopRule {
  return (text) => {
    if (hasGap(text, cursor)) return true;
    const complete = (cursor.linePrefix + text).split('\n').slice(0, -1);
    return circleAt(complete.slice(1)) !== undefined || blockLength(complete, cursor) !== undefined;
  };
}

/** Whether two empty lines follow each other, in no string. */
function hasGap(text: string, { linePrefix, syntax }: Cursor): boolean {
  return [...text.matchAll(/\n[ \t]*\n[ \t]*\n/g)].some(
    ({ index }) => !isInLongString(linePrefix + text.slice(0, index), syntax),
  );
}

/** Adds a limit of time, counted from the first text: after it the text ends with its last whole line. */
export function stopAfter(limitMs: number, rule: StopRule, now: () => number): StopRule {
  let startedAt: number | undefined;
  return (text) => {
    startedAt ??= now();
    return rule(text) || (now() - startedAt > limitMs && /\S.*\n[ \t]*$/.test(text));
  };
}
