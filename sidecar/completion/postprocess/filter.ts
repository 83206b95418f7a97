import type { Cursor } from '../cursor.ts';

export interface FilterContext {
  readonly cursor: Cursor;
  readonly multiline: boolean;
  /** Whether the model stopped by itself. Otherwise a limit cut the text off. */
  readonly ended: boolean;
}

/** Takes a completion's text and returns the part worth showing: all, less, or '' for none. */
export type Filter = (text: string, context: FilterContext) => string;

/** Returns the text's lines as they would stand in the document. The first begins with the text before the cursor. */
export function documentLines(text: string, cursor: Cursor): string[] {
  return (cursor.linePrefix + text).split('\n');
}

/** Returns the first `count` lines of a text. */
export function firstLines(text: string, count: number): string {
  return text.split('\n').slice(0, count).join('\n');
}

/** Returns the first lines with text after the cursor's line, at most `count`. */
export function followingLines(cursor: Cursor, count: number): string[] {
  return cursor.after
    .slice(cursor.lineSuffix.length + 1)
    .split('\n', count * 4)
    .filter((line) => line.trim() !== '')
    .slice(0, count);
}

/** Returns the last lines with text before the cursor's line, nearest last, at most `count`. */
export function precedingLines(cursor: Cursor, count: number): string[] {
  const end = cursor.before.length - cursor.linePrefix.length;
  return cursor.before
    .slice(Math.max(0, end - 8192), end)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}
