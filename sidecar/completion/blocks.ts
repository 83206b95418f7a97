import type { Cursor } from './cursor.ts';
import { indentationOf } from './indentation.ts';

/**
 * Indentation that lines of the block at the cursor have at least: the cursor's own on a fresh line, else deeper than the line that opens
 * the block.
 */
export function blockIndentation(cursor: Cursor): number {
  const own = indentationOf(cursor.linePrefix);
  return cursor.linePrefix.trim() === '' ? own : own + 1;
}
