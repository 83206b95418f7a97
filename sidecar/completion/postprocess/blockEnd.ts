import { blockIndentation } from '../blocks.ts';
import { indentationOf } from '../indentation.ts';
import type { Filter } from './filter.ts';

const closerLine = /^\s*(?:[)\]}]+[;,]?|end|fi|done|esac)\s*$/;

/**
 * A multi-line completion ends with the block it is in: before the first line shallower than the block, but with the line that closes a
 * block the completion itself is the body of. At the outermost level it ends with the first stretch of code.
 */
export const cutAtBlockEnd: Filter = (text, { cursor, multiline }) => {
  if (!multiline) return text;
  const lines = text.split('\n');
  const least = blockIndentation(cursor);
  const opens = cursor.linePrefix.trim() !== '';
  const head = indentationOf(cursor.linePrefix);
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line.trim() === '') {
      if (endsStretch(lines, index, least)) return lines.slice(0, index).join('\n');
      continue;
    }
    if (indentationOf(line) >= least) continue;
    const closes = opens && indentationOf(line) === head && closerLine.test(line);
    return lines.slice(0, closes ? index + 1 : index).join('\n');
  }
  return text;
};

/** An empty line with another one behind it, or with a line at the block's own level after deeper ones: a new thought begins. */
function endsStretch(lines: readonly string[], index: number, least: number): boolean {
  const next = lines[index + 1];
  if (next === undefined) return false;
  if (next.trim() === '') return true;
  return least === 0 && indentationOf(next) === 0;
}
