import { blockLength, opensBranch } from '../../syntax/blockLength.ts';
import { blockIndentation } from '../../syntax/blocks.ts';
import type { Cursor } from '../cursor.ts';
import { indentationOf } from '../../syntax/indentationWidth.ts';
import { linesInLongStrings } from '../../syntax/longString.ts';
import { documentLines, type Filter, firstLines } from './filter.ts';

/**
 * Ends a multi-line completion with its block. At the outermost level the completion ends with the first stretch of
 * code.
 */
export const cutAtBlockEnd: Filter = (text, { cursor, multiline }) => {
  if (!multiline) return text;
  const lines = documentLines(text, cursor);
  const length =
    blockLength(lines, cursor) ??
    blockLength(lines, cursor, { isWhole: true }) ??
    lengthWithoutOpenBranch(lines, cursor);
  const least = blockIndentation(cursor);
  const inLongString = linesInLongStrings(lines, cursor.syntax);
  for (let index = 1; index < length; index++) {
    if (endsStretch(lines, index, least) && inLongString[index] !== true) return firstLines(text, index);
  }
  return firstLines(text, length);
};

/** Removes a last line that only opens a branch such as `else`, since the text was cut off there. */
function lengthWithoutOpenBranch(lines: readonly string[], cursor: Cursor): number {
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return last > 0 && opensBranch(lines[last] ?? '', cursor) ? last : lines.length;
}

/**
 * Whether a stretch of code ends at an empty line. It does before a second empty line, and at the outermost level
 * before a line without indentation.
 */
function endsStretch(lines: readonly string[], index: number, least: number): boolean {
  const next = lines[index + 1];
  if (lines[index]?.trim() !== '' || next === undefined) return false;
  if (next.trim() === '') return true;
  return least === 0 && indentationOf(next) === 0;
}
