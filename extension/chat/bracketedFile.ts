import { indentationOf, unitAt } from './codeUnits.ts';

const CLOSING: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };
/** What stands for what was left out, where there are no statements. */
const GAP = /^(?:\.\.\.|…),?$|[{[]\s*(?:\/\*\s*)?(?:\.\.\.|…)\s*(?:\*\/\s*)?[}\]]/;

/** A text in one pair of brackets, as JSON is; zero-based lines, `end` not included. */
export interface Bracketed {
  readonly start: number;
  readonly end: number;
  readonly opening: string;
  readonly closing: string;
  /** What the parts right within the brackets begin with: of an object its keys. */
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

/**
 * The lines of a file that a block in the same brackets takes the place of: all, but for comments above where the block has none. `undefined` where the
 * block is no full version of the file: where it does not have its first and last part and most others, something was left out rather than taken out.
 */
export function locateBracketed(file: readonly string[], block: readonly string[], version: Bracketed): Pick<Bracketed, 'start' | 'end'> | undefined {
  const whole = emptyOf(file, version) ?? bracketedOf(file);
  if (!isClosed(version) || whole?.opening !== version.opening || whole.closing !== version.closing) return undefined;
  const known = new Set(file.map((line) => line.trim()));
  if (block.some((line) => GAP.test(line.trim()) && !known.has(line.trim()))) return undefined;
  const missing = missingIn(version.parts, whole.parts);
  if (missing.includes(0) || missing.includes(whole.parts.length - 1) || missing.length * 2 > whole.parts.length) return undefined;
  const hasHead = block.slice(0, version.start).some((line) => line.trim() !== '');
  return { start: hasHead ? 0 : whole.start, end: whole.end };
}

/** A file of nothing but the brackets, which may stand on one line. */
function emptyOf(file: readonly string[], { opening, closing }: Bracketed): Bracketed | undefined {
  if (file.join('').replaceAll(/\s/g, '') !== opening + closing) return undefined;
  const isText = (line: string): boolean => line.trim() !== '';
  return { start: file.findIndex(isText), end: file.findLastIndex(isText) + 1, opening, closing, parts: [] };
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

function partsOf(lines: readonly string[]): string[] {
  const margin = Math.min(...lines.filter((line) => line.trim() !== '').map(indentationOf));
  return lines.flatMap((line, index) => {
    const text = line.trim();
    if (text === '' || indentationOf(line) !== margin || /^(?:[}\])]|\/[/*])/.test(text)) return [];
    const key = /^("(?:[^"\\]|\\.)*")\s*:/.exec(text)?.[1];
    // Objects of a list all begin with the same bracket: the line below tells which one it is.
    return [key ?? (/^[{[(]+$/.test(text) ? (lines[index + 1]?.trim() ?? '') : text.replace(/,$/, ''))];
  });
}

function isClosed({ opening, closing }: Bracketed): boolean {
  return [...opening].reverse().map((sign) => CLOSING[sign]).join('') === closing.replace(/;$/, '');
}

/** Indices of the wanted parts that are not among `parts`, or not as often. */
function missingIn(parts: readonly string[], wanted: readonly string[]): number[] {
  const rest = [...parts];
  return wanted.flatMap((part, index) => {
    const at = rest.indexOf(part);
    if (at < 0) return [index];
    rest.splice(at, 1);
    return [];
  });
}
