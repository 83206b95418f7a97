import { isCommentLine, type LanguageSyntax } from './languages.ts';
import { stringEndIn } from './brackets.ts';

const COMMENT_END = '*/';
/**
 * A regular expression, at a place without a value that could be divided. The pattern is tried from each slash of a
 * line, so its length is bounded.
 */
const regularExpression =
  /(?<=(?:^|[(,=:[!&|?{};]|=>|\breturn)\s{0,4})\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\]){1,200}\]|[^/\\[]){1,200}\//y;
/** Characters that may begin or end a string, a comment or an interpolated value. */
const mark = /["'`/#\\{}$*]/;

/**
 * Returns whether a string of several lines is open at the end of the text: a string in long quotes, or a here
 * document.
 */
export function isInLongString(text: string, syntax: LanguageSyntax): boolean {
  return linesInLongStrings(text.split('\n'), syntax).at(-1) === true;
}

/**
 * Returns for each line whether it begins inside a string of several lines; the last value is for a line behind them.
 */
export function linesInLongStrings(lines: readonly string[], syntax: LanguageSyntax): boolean[] {
  const inside = [false];
  let open: readonly string[] = [];
  let documentEnd: RegExp | undefined;
  for (const line of lines) {
    if (documentEnd !== undefined) {
      if (documentEnd.test(line)) documentEnd = undefined;
    } else {
      open = openBehind(line, open, syntax);
      if (open.length === 0) documentEnd = endOfHereDocument(line, syntax);
    }
    inside.push(documentEnd !== undefined || (open.length > 0 && open[0] !== COMMENT_END));
  }
  return inside;
}

/**
 * Returns the endings of the long strings and comments that are open behind a line, innermost last. In a string `}`
 * ends an interpolated value.
 */
function openBehind(line: string, openBefore: readonly string[], syntax: LanguageSyntax): readonly string[] {
  const { longStrings, lineComment } = syntax;
  if (longStrings === undefined || (openBefore.length === 0 && isCommentLine(line, syntax) && !line.includes('/*')))
    return openBefore;
  const open = [...openBefore];
  const stringEnd = stringEndIn(syntax);
  for (let index = 0; index < line.length; index++) {
    const character = line[index] ?? '';
    if (!mark.test(character)) continue;
    const end = open.at(-1);
    if (end !== undefined && end !== '}') {
      if (line.startsWith(end, index)) {
        open.pop();
        index += end.length - 1;
      } else if (end !== COMMENT_END && longStrings.escapes && character === '\\') index++;
      else if (end === '`' && longStrings.escapes && line.startsWith('${', index)) {
        open.push('}');
        index++;
      }
      continue;
    }
    const quotes = longStrings.quotes.find((each) => line.startsWith(each, index));
    if (quotes !== undefined) {
      open.push(quotes);
      index += quotes.length - 1;
    } else if (lineComment !== undefined && line.startsWith(lineComment, index)) return open;
    else if (lineComment === '//' && line.startsWith('/*', index)) {
      open.push(COMMENT_END);
      index++;
    } else if (character === '"' || character === "'") index = stringEnd(line, index) ?? index;
    else if (character === '/') index = endOfRegularExpression(line, index) ?? index;
    else if (character === '{' && open.length > 0) open.push('}');
    else if (character === end) open.pop();
  }
  return open;
}

function endOfRegularExpression(line: string, index: number): number | undefined {
  regularExpression.lastIndex = index;
  return regularExpression.test(line) ? regularExpression.lastIndex - 1 : undefined;
}

/** Matches the line that ends the here document which this line begins. */
function endOfHereDocument(line: string, syntax: LanguageSyntax): RegExp | undefined {
  if (syntax.hereDocument === undefined || isCommentLine(line, syntax)) return undefined;
  const name = syntax.hereDocument.exec(line)?.[1];
  return name === undefined ? undefined : new RegExp(`^[ \\t]*${name}\\b`);
}
