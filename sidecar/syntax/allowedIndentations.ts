import { brackets, openerOf, stringEndIn } from './brackets.ts';
import { isCommentLine, type LanguageSyntax } from './languages.ts';
import { indentationOf } from './indentationWidth.ts';
import { linesInLongStrings } from './longString.ts';

/** The text around a place where a line will be written. */
export interface LinePlace {
  /** The text before the cursor. Its last line is only white space. */
  readonly before: string;
  /** The text behind the cursor. Its first line is only white space. */
  readonly after: string;
  readonly syntax: LanguageSyntax;
}

/** The first line of a statement. */
interface Statement {
  readonly text: string;
  readonly columns: number;
  /** Whether the statement's last line ends in a colon, so that a block follows. */
  opensBlock: boolean;
}

/** The most lines behind the cursor that are searched for text. */
const WINDOW_LINES = 400;
const DEFAULT_UNIT = '    ';
/** Begins the next part of a statement, so the line before it is deeper. */
const branch = /^\s*(?:elif|else|except|finally)\b/;
/** Ends a block, so no statement of the block follows. */
const blockEnd = /^\s*(?:return|raise|break|continue)\b/;

/**
 * Returns the white space that a new line may begin with, in languages where indentation is syntax. Each text follows
 * the white space before the cursor. Undefined if syntax decides nothing: within brackets and long strings, in a line
 * with text, or in another language.
 */
export function allowedIndentations({ before, after, syntax }: LinePlace): readonly string[] | undefined {
  if (syntax.statementsByIndentation !== true) return undefined;
  const lines = before.split('\n');
  const written = lines.pop() ?? '';
  const [rest = '', ...following] = after.split('\n');
  if (written.trim() !== '' || rest.trim() !== '') return undefined;
  const preceding = statements(lines, syntax);
  if (preceding === undefined) return undefined;
  const next = following.slice(0, WINDOW_LINES).find((line) => line.trim() !== '');
  const allowed = possibleIndentations(preceding, next, unitOf(preceding));
  const left = allowed.filter((each) => each.startsWith(written)).map((each) => each.slice(written.length));
  // The editor or the user put the cursor deeper than the syntax asks for. The line begins there.
  return left.length > 0 ? left : [''];
}

/**
 * Returns the statements before the place by their first lines, without lines within brackets, strings and comments.
 * Undefined if the place itself is within brackets or a string.
 */
function statements(lines: readonly string[], syntax: LanguageSyntax): readonly Statement[] | undefined {
  const inStrings = linesInLongStrings(lines, syntax);
  if (inStrings.at(-1) === true) return undefined;
  const found: Statement[] = [];
  let depth = 0;
  for (const [index, text] of lines.entries()) {
    if (inStrings[index] === true || text.trim() === '') continue;
    if (depth === 0 && isCommentLine(text, syntax)) continue;
    if (depth === 0 && !isContinued(lines[index - 1])) {
      found.push({ text, columns: indentationOf(text), opensBlock: false });
    }
    const statement = found.at(-1);
    // The first line of a docstring may also end in a colon.
    if (statement !== undefined) statement.opensBlock = inStrings[index + 1] !== true && endsInColon(text);
    depth = Math.max(0, depth + bracketBalance(text, syntax));
  }
  return depth > 0 || isContinued(lines.at(-1)) ? undefined : found;
}

function possibleIndentations(
  preceding: readonly Statement[],
  next: string | undefined,
  unit: string,
): readonly string[] {
  const last = preceding.at(-1);
  if (last === undefined) return [''];
  const nextColumns = next === undefined ? 0 : indentationOf(next);
  const unitColumns = indentationOf(unit);
  if (last.text.trimStart().startsWith('@')) return [whiteSpaceOf(last.text)];
  if (last.opensBlock) {
    const body = whiteSpaceOf(last.text) + unit;
    if (next === undefined || nextColumns <= last.columns) return [body];
    // The next line is in the block, or it is the body of a head that will stand first in the block.
    const isNested = nextColumns >= last.columns + 2 * unitColumns;
    return isNested ? [body] : [whiteSpaceOf(next)];
  }
  const levels = openLevels(preceding);
  const open = blockEnd.test(last.text) && levels.length > 1 ? levels.slice(1) : levels;
  if (next === undefined) return open.map(({ text }) => whiteSpaceOf(text));
  const isBranch = branch.test(next);
  const fits = ({ columns }: Statement): boolean => {
    // A line above deeper text is a head, one level above its body.
    if (nextColumns > columns) return nextColumns - columns <= unitColumns;
    return isBranch ? columns > nextColumns : true;
  };
  const fitting = open.filter(fits);
  return (fitting.length > 0 ? fitting : open).map(({ text }) => whiteSpaceOf(text));
}

/** Returns a line of each block that is open behind the last line, the innermost first. */
function openLevels(lines: readonly Statement[]): readonly Statement[] {
  const levels: Statement[] = [];
  for (const line of [...lines].reverse()) {
    if (levels.length === 0 || line.columns < (levels.at(-1) as Statement).columns) levels.push(line);
    if (line.columns === 0) break;
  }
  return levels;
}

/**
 * Returns the white space of one level: the most frequent difference between the first line of a block and its head.
 */
function unitOf(statements: readonly Statement[]): string {
  const counts = new Map<string, number>();
  for (const [index, { text, columns }] of statements.entries()) {
    const head = statements[index - 1];
    if (head?.opensBlock !== true || columns <= head.columns) continue;
    const unit = whiteSpaceOf(text).slice(whiteSpaceOf(head.text).length);
    counts.set(unit, (counts.get(unit) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0] ?? DEFAULT_UNIT;
}

/** Returns the number of brackets that a line opens, less those that it closes. */
function bracketBalance(line: string, syntax: LanguageSyntax): number {
  let balance = 0;
  for (const { bracket } of brackets(withoutComment(line), stringEndIn(syntax))) {
    balance += openerOf[bracket] === undefined ? 1 : -1;
  }
  return balance;
}

function endsInColon(line: string): boolean {
  return withoutComment(line).trimEnd().endsWith(':');
}

function isContinued(line: string | undefined): boolean {
  return line?.endsWith('\\') === true;
}

function withoutComment(line: string): string {
  const at = line.search(/(?:^|\s)#/);
  return at < 0 ? line : line.slice(0, at);
}

function whiteSpaceOf(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}
