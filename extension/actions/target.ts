/**
 * Chooses the part of a document that an action works on: the selection, else the enclosing declaration, else the block
 * of lines at the cursor.
 */

/** Zero-based, as in LSP. `character` counts UTF-16 units. */
interface Position {
  readonly line: number;
  readonly character: number;
}
/** A range whose `end` is exclusive. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}
/** The parts of `vscode.DocumentSymbol` that the choice needs. */
export interface OutlineSymbol {
  readonly kind: number;
  readonly range: Range;
  readonly children: readonly OutlineSymbol[];
}
/** The parts of `vscode.TextDocument` that the choice needs. */
export interface Lines {
  readonly lineCount: number;
  lineText(line: number): string;
}
export interface Target {
  readonly range: Range;
  readonly origin: 'selection' | 'symbol' | 'block';
}

/**
 * The `vscode.SymbolKind`s that an action may rewrite as a whole. Variables and properties count if they span several
 * lines.
 */
const CALLABLE = new Set([5 /* Method */, 8 /* Constructor */, 11 /* Function */]);
const CONTAINER = new Set([4 /* Class */, 9 /* Enum */, 10 /* Interface */, 22 /* Struct */]);
const VALUE = new Set([6 /* Property */, 7 /* Field */, 12 /* Variable */, 13 /* Constant */]);

/** The maximum number of lines on either side of the cursor in a block without an enclosing declaration. */
const MAX_BLOCK_LINES_PER_SIDE = 40;

/** Chooses the part to work on. Returns `undefined` if there is no code at the cursor. */
export function chooseTarget(selection: Range, symbols: readonly OutlineSymbol[], lines: Lines): Target | undefined {
  if (!isEmpty(selection)) {
    const range = tidySelection(selection, lines);
    return range && { range, origin: 'selection' };
  }
  const symbol = enclosingSymbol(selection.start, symbols);
  if (symbol) return { range: fromIndentation(symbol.range, lines), origin: 'symbol' };
  const block = blockAround(selection.start.line, lines);
  return block && { range: block, origin: 'block' };
}

/** The innermost function, method or constructor that contains `position`, else the innermost type. */
function enclosingSymbol(position: Position, symbols: readonly OutlineSymbol[]): OutlineSymbol | undefined {
  const path = pathTo(position, symbols);
  const spansLines = (symbol: OutlineSymbol): boolean => symbol.range.end.line > symbol.range.start.line;
  return (
    path.findLast((symbol) => CALLABLE.has(symbol.kind) || (VALUE.has(symbol.kind) && spansLines(symbol))) ??
    path.findLast((symbol) => CONTAINER.has(symbol.kind))
  );
}

/**
 * Moves the start above the comment lines directly before it, so that a new documentation comment replaces the old one.
 */
export function withLeadingComment(range: Range, lines: Lines, languageId: string): Range {
  const isComment = commentLine(languageId);
  let line = range.start.line;
  while (line > 0 && isComment.test(lines.lineText(line - 1))) line--;
  return line === range.start.line ? range : { start: { line, character: 0 }, end: range.end };
}

export function isEmpty(range: Range): boolean {
  return range.start.line === range.end.line && range.start.character === range.end.character;
}

export function intersects(left: Range, right: Range): boolean {
  return compare(left.start, right.end) <= 0 && compare(right.start, left.end) <= 0;
}

function contains(range: Range, position: Position): boolean {
  return compare(range.start, position) <= 0 && compare(position, range.end) <= 0;
}

function compare(left: Position, right: Position): number {
  return left.line - right.line || left.character - right.character;
}

/** The symbols that contain `position`, outermost first. */
function pathTo(position: Position, symbols: readonly OutlineSymbol[]): OutlineSymbol[] {
  const found = symbols.find((symbol) => contains(symbol.range, position));
  return found ? [found, ...pathTo(position, found.children)] : [];
}

/** Removes blank ends and includes the first line's indentation, without which a model can't keep it. */
function tidySelection(selection: Range, lines: Lines): Range | undefined {
  let { start, end } = selection;
  while (end.line > start.line && lines.lineText(end.line).slice(0, end.character).trim() === '') {
    end = { line: end.line - 1, character: lines.lineText(end.line - 1).length };
  }
  while (start.line < end.line && lines.lineText(start.line).slice(start.character).trim() === '') {
    start = { line: start.line + 1, character: 0 };
  }
  const range = fromIndentation({ start, end }, lines);
  const isBlank =
    range.start.line === range.end.line &&
    lines.lineText(range.start.line).slice(range.start.character, range.end.character).trim() === '';
  return isBlank ? undefined : range;
}

function fromIndentation(range: Range, lines: Lines): Range {
  const { line, character } = range.start;
  return lines.lineText(line).slice(0, character).trim() === ''
    ? { start: { line, character: 0 }, end: range.end }
    : range;
}

function blockAround(line: number, lines: Lines): Range | undefined {
  const isBlank = (at: number): boolean => lines.lineText(at).trim() === '';
  if (isBlank(line)) return undefined;
  let first = line;
  let last = line;
  while (first > 0 && line - first < MAX_BLOCK_LINES_PER_SIDE && !isBlank(first - 1)) first--;
  while (last < lines.lineCount - 1 && last - line < MAX_BLOCK_LINES_PER_SIDE && !isBlank(last + 1)) last++;
  return { start: { line: first, character: 0 }, end: { line: last, character: lines.lineText(last).length } };
}

/** Matches a comment line. In languages with a preprocessor, `#` begins no comment. */
function commentLine(languageId: string): RegExp {
  return /^(c|cpp|csharp|cuda-cpp|objective-c|objective-cpp|rust)$/.test(languageId)
    ? /^\s*(\/\/|\/\*|\*)/
    : /^\s*(\/\/|\/\*|\*|#|--)/;
}
