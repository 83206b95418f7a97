import { indentationOf } from './indentation.ts';

/**
 * Whether text that is still being generated holds all that will be kept, so that generating more is a waste: the line is done, or the block
 * that it began is. Asked after every token, with the text after the cursor.
 */
export type StopRule = (text: string) => boolean;

/** A single line ends at its first line break; text that begins with line breaks has nothing on this line. */
export const stopAtLineEnd: StopRule = (text) => text.includes('\n');

/** A block ends at a complete line shallower than `blockIndentation`, or where an empty stretch of two lines begins. */
export function stopAtBlockEnd(linePrefix: string, blockIndentation: number): StopRule {
  return (text) => {
    if (/\n[ \t]*\n[ \t]*\n/.test(text)) return true;
    const complete = (linePrefix + text).split('\n').slice(1, -1);
    return complete.some((line) => line.trim() !== '' && indentationOf(line) < blockIndentation);
  };
}
