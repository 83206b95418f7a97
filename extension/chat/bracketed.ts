import { declaredName, indentationOf, isPartOfBlock, unitAt, type LineSpan } from './codeUnits.ts';

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** Lines within one pair of brackets, such as JSON. */
export interface Bracketed extends LineSpan {
  readonly opening: string;
  readonly closing: string;
  /** The beginning of each part directly within the brackets: an object's keys, or the names of declarations. */
  readonly parts: readonly string[];
}

/**
 * Returns the brackets around a whole text, or `undefined` if its first line after the comments is no opening bracket.
 */
export function bracketedOf(lines: readonly string[]): Bracketed | undefined {
  const start = startOfCode(lines);
  const opening = lines[start]?.trim() ?? '';
  if (!/^[{[(]+$/.test(opening)) return undefined;
  const end = lines.findLastIndex((line) => line.trim() !== '') + 1;
  const last = lines[end - 1] ?? '';
  // An indented bracket closes an inner part, so the text is cut off.
  const closing = indentationOf(last) === indentationOf(lines[start] ?? '') ? last.trim() : '';
  return { start, end, opening, closing, parts: partsOf(lines.slice(start + 1, end - 1)) };
}

/** Returns whether the last line closes exactly the brackets that the first line opened. */
export function isClosed({ opening, closing }: Bracketed): boolean {
  return (
    [...opening]
      .reverse()
      .map((sign) => CLOSING[sign])
      .join('') === closing.replace(/;$/, '')
  );
}

/** Returns the beginning of each part at the smallest indentation of the lines. */
export function partsOf(lines: readonly string[]): string[] {
  const isInside = (line: string): boolean => line.trim() !== '' && !isPartOfBlock(line);
  const margin = lines.reduce(
    (least, line) => (isInside(line) ? Math.min(least, indentationOf(line)) : least),
    Infinity,
  );
  return lines.flatMap((line, index) => {
    const text = line.trim();
    if (!isInside(line) || indentationOf(line) !== margin || /^(?:[}\])]|\/[/*])/.test(text)) return [];
    const key = /^("(?:[^"\\]|\\.)*")\s*:/.exec(text)?.[1] ?? declaredName(text, lines[index + 1]);
    // Objects of a list all begin with the same bracket, so the line below identifies the object.
    return [key ?? (/^[{[(]+$/.test(text) ? (lines[index + 1]?.trim() ?? '') : text.replace(/,$/, ''))];
  });
}

/** The line after the comments at the beginning. */
function startOfCode(lines: readonly string[]): number {
  let line = 0;
  while (line < lines.length) {
    const unit = unitAt(lines, line);
    if (unit?.kind !== 'head' && lines[line]?.trim() !== '') return line;
    line = unit?.end ?? line + 1;
  }
  return line;
}
