import { indentationOf } from './indentation.ts';

/** Shorter lines (`}`, `else:`) repeat in good code. */
export const TELLING_LINE_UNITS = 16;

/**
 * Whether text that is still being generated holds all that will be kept, so that generating more is a waste: the line is done, or the block
 * that it began is. Asked after every token, with the text after the cursor.
 */
export type StopRule = (text: string) => boolean;

/** A single line ends at its first line break; text that begins with line breaks has nothing on this line. */
export const stopAtLineEnd: StopRule = (text) => text.includes('\n');

/** A block ends at a complete line shallower than `blockIndentation`, where an empty stretch of two lines begins, or in circles. */
export function stopAtBlockEnd(linePrefix: string, blockIndentation: number): StopRule {
  return (text) => {
    if (/\n[ \t]*\n[ \t]*\n/.test(text)) return true;
    const complete = (linePrefix + text).split('\n').slice(1, -1);
    return goesInCircles(complete) || complete.some((line) => line.trim() !== '' && indentationOf(line) < blockIndentation);
  };
}

/** Adds a limit of time, counted from the first text: after it the text ends with its last whole line. */
export function stopAfter(limitMs: number, rule: StopRule, now: () => number): StopRule {
  let startedAt: number | undefined;
  return (text) => {
    startedAt ??= now();
    return rule(text) || (now() - startedAt > limitMs && /\S.*\n[ \t]*$/.test(text));
  };
}

/** Whether the last line was said twice before, at the same depth. */
function goesInCircles(lines: readonly string[]): boolean {
  const last = lines.at(-1)?.trimEnd() ?? '';
  return last.trimStart().length >= TELLING_LINE_UNITS && lines.filter((line) => line.trimEnd() === last).length > 2;
}
