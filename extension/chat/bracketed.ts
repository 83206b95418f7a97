import { declaredName, indentationOf, isPartOfBlock, unitAt, type LineSpan } from './codeUnits.ts';

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };

/** Lines in one pair of brackets, as JSON is. */
export interface Bracketed extends LineSpan {
  readonly opening: string;
  readonly closing: string;
  /** What the parts right within the brackets begin with: of an object its keys, of declarations their names. */
  readonly parts: readonly string[];
}

/** The brackets around a whole text; `undefined` where its first line, but for comments, is none. */
export function bracketedOf(lines: readonly string[]): Bracketed | undefined {
  const start = startOfCode(lines);
  const opening = lines[start]?.trim() ?? '';
  if (!/^[{[(]+$/.test(opening)) return undefined;
  const end = lines.findLastIndex((line) => line.trim() !== '') + 1;
  const last = lines[end - 1] ?? '';
  // An indented bracket closes something within: the text is cut off.
  const closing = indentationOf(last) === indentationOf(lines[start] ?? '') ? last.trim() : '';
  return { start, end, opening, closing, parts: partsOf(lines.slice(start + 1, end - 1)) };
}

/** Whether the last line closes what the first opened, and nothing else. */
export function isClosed({ opening, closing }: Bracketed): boolean {
  return (
    [...opening]
      .reverse()
      .map((sign) => CLOSING[sign])
      .join('') === closing.replace(/;$/, '')
  );
}

/** What the parts at the margin of some lines begin with. */
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
    // Objects of a list all begin with the same bracket: the line below tells which one it is.
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
