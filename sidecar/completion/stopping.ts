import { blockLength } from '../syntax/blockLength.ts';
import { loopStart } from './repeatedLines.ts';
import type { Cursor } from './cursor.ts';
import { isInLongString } from '../syntax/longString.ts';

/**
 * Whether generated text already holds all that will be kept, so that more text would be wasted. It is called with
 * the generated text so far, at each chunk.
 */
export type StopRule = (text: string) => boolean;

/** A single line ends at its first line break. Text that begins with line breaks has nothing on this line. */
export const stopAtLineEnd: StopRule = (text) => text.includes('\n');

/** Stops at the first complete line that is not in the block or closes it, at two empty lines, or when lines loop. */
export function stopAtBlockEnd(cursor: Cursor): StopRule {
  return (text) => {
    if (hasGap(text, cursor)) return true;
    const complete = (cursor.linePrefix + text).split('\n').slice(0, -1);
    return loopStart(complete.slice(1)) !== undefined || blockLength(complete, cursor) !== undefined;
  };
}

/** Whether two empty lines follow each other outside of strings. */
function hasGap(text: string, { linePrefix, syntax }: Cursor): boolean {
  return [...text.matchAll(/\n[ \t]*\n[ \t]*\n/g)].some(
    ({ index }) => !isInLongString(linePrefix + text.slice(0, index), syntax),
  );
}

/** Adds a time limit to a rule, counted from the first text. After the limit the text ends with its last whole line. */
export function stopAfter(limitMs: number, rule: StopRule, now: () => number): StopRule {
  let startedAt: number | undefined;
  return (text) => {
    startedAt ??= now();
    return rule(text) || (now() - startedAt > limitMs && /\S.*\n[ \t]*$/.test(text));
  };
}
