import { indentationOf } from '../../syntax/indentationWidth.ts';
import { documentLines, type Filter, precedingLines } from './filter.ts';

/** Lines as short as this (`}`, `else:`, `end`) repeat in good code. */
const MIN_TELLING_UNITS = 8;
/**
 * Closes a bracket, a tag, or a block in a template: `</ul>`, `@endforeach`, `{% endif %}`, `<?php endif; ?>`,
 * `{{/each}}`.
 */
const closer = /^\s*(?:[)\]}]|<\/|(?:[@#]|\{%[-+]?\s*|<%[-=]?\s*|<\?php\s+)end|\{\{?\/)/i;
/**
 * Closes a block in code by a word: `end`, `endif()`, `End Sub`. Other words with this start are names (`endpoint`),
 * and so is an assigned variable.
 */
const closingWord =
  /^\s*end(?:if|for|foreach|while|switch|case|function|func|sub|proc|procedure|method|property|macro|block|module|program|package|interface|class|type|struct|select|with|try|task|generate|do|loop)?\b(?!\s*(?:[-+*/]?=|[.[]))/i;

/**
 * Drops a completion that repeats the lines right above: the last line, or all lines from one of them to the cursor.
 * Behind a head that the user wrote, a repeated body is intended.
 */
export const dropPreceding: Filter = (text, { cursor }) => {
  const lines = documentLines(text, cursor).filter((line) => line.trim() !== '');
  const first = lines[0] ?? '';
  if (first.trim().length < MIN_TELLING_UNITS) return text;
  const above = precedingLines(cursor, 12);
  if (isSaidAgain(first, above.at(-1))) return '';
  if (lines.length < 2) return repeatsTrain(first, above) ? '' : text;
  if (cursor.linePrefix.trim() !== '') return text;
  for (let length = 2; length <= Math.min(lines.length, above.length); length++) {
    const last = above.slice(-length);
    if (last.every((line, index) => isSaidAgain(lines[index] ?? '', line))) return '';
  }
  return text;
};

/** Whether a line repeats a line above. A closer at another depth closes another block. */
function isSaidAgain(line: string, above: string | undefined): boolean {
  if (above?.trim() !== line.trim()) return false;
  return (!closer.test(line) && !closingWord.test(line)) || indentationOf(line) === indentationOf(above);
}

/** Whether the pattern A B A B continues with A. */
function repeatsTrain(first: string, above: readonly string[]): boolean {
  return (
    above.length >= 4 &&
    isSaidAgain(first, above.at(-2)) &&
    isSaidAgain(first, above.at(-4)) &&
    above.at(-1)?.trim() === above.at(-3)?.trim()
  );
}
