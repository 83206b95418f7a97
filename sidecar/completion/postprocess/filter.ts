import type { Cursor } from '../cursor.ts';

export interface FilterContext {
  readonly cursor: Cursor;
  readonly multiline: boolean;
  /** The model stopped by itself; otherwise the text was cut off somewhere. */
  readonly ended: boolean;
}

/** Takes a completion's text and gives what of it is worth showing: the same, less, or '' for nothing. */
export type Filter = (text: string, context: FilterContext) => string;

/** The text's lines as they would stand in the document: the first with what stands before the cursor. */
export function documentLines(text: string, cursor: Cursor): string[] {
  return (cursor.linePrefix + text).split('\n');
}

/** The first lines of a text, as they stand in it. */
export function firstLines(text: string, count: number): string {
  return text.split('\n').slice(0, count).join('\n');
}

/** The first lines with text after the cursor's line, at most `count`. */
export function followingLines(cursor: Cursor, count: number): string[] {
  return cursor.after
    .slice(cursor.lineSuffix.length + 1)
    .split('\n', count * 4)
    .filter((line) => line.trim() !== '')
    .slice(0, count);
}

/** The last lines with text before the cursor's line, nearest last, at most `count`. */
export function precedingLines(cursor: Cursor, count: number): string[] {
  const end = cursor.before.length - cursor.linePrefix.length;
  return cursor.before
    .slice(Math.max(0, end - 8192), end)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);
}
