import type { Cursor } from '../cursor.ts';
import type { LanguageSyntax } from '../../syntax/languages.ts';
import { openAtEnd } from '../../syntax/openAtEnd.ts';
import { anglesOf } from './angles.ts';
import { brackets, endOfString, openerOf, stringEndIn } from '../../syntax/brackets.ts';
import type { Filter } from './filter.ts';
import { stringAtCursor } from './stringAtCursor.ts';

/**
 * Drops doubled closers. The closers after the cursor already close the text before it, so the completion ends before
 * its own closers for the same openers. If the line ends with these closers, the completion may continue behind them.
 * Then it brings them itself, or opens as much again as it closes.
 */
export const dropDoubledClosers: Filter = (text, { cursor }) => {
  const waiting = /^\s*[)\]}"'`>;,:]*/.exec(cursor.lineSuffix)?.[0].replace(/\s/g, '') ?? '';
  if (waiting === '' || overtypedUnits(text, cursor) > 0 || balancesLine(text, cursor)) return text;
  return dropTail(text.slice(0, unmatchedAt(text, waiting[0] ?? '', cursor)), waiting);
};

/**
 * Returns how many units after the cursor a one-line completion replaces. These are the closers at the end of the line,
 * with a final mark (`;`, `,` or `:`). A completion replaces them if it brings them itself because it continues behind
 * or between them. It must also end with the same mark. A completion with a closer too many replaces none, since that
 * is a mistake of the model. A completion that leaves an opener of the line open replaces none either.
 */
export function overtypedUnits(text: string, cursor: CursorLine): number {
  const suffix = cursor.lineSuffix.trimEnd();
  const [, closers, mark = ''] = /^([)\]}"'`>]+)([;,:]?)$/.exec(suffix) ?? [];
  if (closers === undefined || text.includes('\n')) return 0;
  const at = unmatchedAt(text, closers[0] ?? '', cursor);
  if (at === undefined || leavesOpen(text, cursor)) return 0;
  const end = text.startsWith(closers, at) ? at + closers.length : endOfClosers(text, closers, cursor);
  if (end === undefined) return 0;
  const rest = text.slice(at).trimEnd();
  const behind = text.slice(end);
  const isSlip = closesMore(behind) || (closers.includes('>') && closesMoreAngles(behind, cursor.syntax));
  return rest.length > suffix.length && !isSlip && rest.endsWith(mark) ? suffix.length : 0;
}

/** Whether a bracket or string that the line opens before the cursor is still open behind the text. */
function leavesOpen(text: string, { linePrefix, syntax }: CursorLine): boolean {
  const { openBrackets, isInString } = openAtEnd(linePrefix + text, syntax);
  return isInString || openBrackets.some((index) => index < linePrefix.length);
}

/** Whether the text is inserted into a line that ends with closers, and the whole line is balanced. */
function balancesLine(text: string, { linePrefix, lineSuffix, syntax }: CursorLine): boolean {
  if (text.includes('\n') || !/^[)\]}"'`]+\s*$/.test(lineSuffix) || longQuotes(lineSuffix, syntax) !== undefined)
    return false;
  const { openBrackets, isInString, closesMore: doesCloseMore } = openAtEnd(linePrefix + text + lineSuffix, syntax);
  return !isInString && openBrackets.length === 0 && !doesCloseMore;
}

/** Whether the text brings the closers that an editor added behind the cursor, one after another. */
export const bringsClosers = (text: string, closers: string, line: CursorLine): boolean =>
  endOfClosers(text, closers, line) !== undefined;

/**
 * Returns where the last of these closers ends in a text that brings them, one after another. Returns `undefined` if it
 * does not bring them all.
 */
function endOfClosers(text: string, closers: string, line: CursorLine): number | undefined {
  let end = 0;
  for (const closer of closers) {
    const at = unmatchedAt(text.slice(end), closer, { ...line, linePrefix: line.linePrefix + text.slice(0, end) });
    if (at === undefined) return undefined;
    end += at + 1;
  }
  return end;
}

/** Whether a closing bracket has no opener in the text. */
function closesMore(text: string): boolean {
  const open: string[] = [];
  for (const { bracket } of brackets(text)) {
    if (openerOf[bracket] === undefined) open.push(bracket);
    else if (open.pop() !== openerOf[bracket]) return true;
  }
  return false;
}

const closesMoreAngles = (text: string, syntax: LanguageSyntax): boolean =>
  anglesOf(text, stringEndIn(syntax)).unmatchedAt !== undefined;

export type CursorLine = Pick<Cursor, 'linePrefix' | 'lineSuffix' | 'syntax'>;

/** Returns where the first closer after the cursor occurs in the text without an opener there. */
function unmatchedAt(text: string, first: string, { linePrefix, lineSuffix, syntax }: CursorLine): number | undefined {
  const quotes = longQuotes(lineSuffix, syntax);
  if (quotes !== undefined) return text.includes(quotes) ? text.indexOf(quotes) : undefined;
  // A quote after the cursor closes the string that the cursor is in, whatever else the string contains.
  if (/["'`]/.test(first) && insideString(linePrefix, first)) {
    const end = endOfString(text, 0, first);
    return text[end] === first ? end : undefined;
  }
  if (first === '>')
    return opensAngle(linePrefix, syntax) ? anglesOf(text, stringEndIn(syntax)).unmatchedAt : undefined;
  const at = firstUnmatched(text, first, syntax);
  if (at !== undefined) return at;
  // The text contains the end of a string that is not closed behind the cursor.
  const end = stringAtCursor(text, { linePrefix, syntax })?.end ?? text.length;
  const behind = firstUnmatched(text.slice(end), first, syntax);
  return behind === undefined ? undefined : end + behind;
}

function firstUnmatched(text: string, closer: string, syntax: LanguageSyntax): number | undefined {
  const open: string[] = [];
  for (const { index, bracket } of brackets(text, stringEndIn(syntax))) {
    if (openerOf[bracket] === undefined) open.push(bracket);
    else if (open.at(-1) === openerOf[bracket]) open.pop();
    else if (bracket === closer) return index;
  }
  return undefined;
}

/** Whether a `>` behind the line would close a tag or a list of types, and is no comparison. */
function opensAngle(linePrefix: string, syntax: LanguageSyntax): boolean {
  const bracket = openAtEnd(linePrefix, syntax).openBrackets.at(-1) ?? -1;
  return anglesOf(linePrefix.slice(bracket + 1), stringEndIn(syntax)).open > 0;
}

/** Returns the quotes right after the cursor if they are long ones. Between long quotes, a single quote is text. */
function longQuotes(lineSuffix: string, { longStrings }: LanguageSyntax): string | undefined {
  return longStrings?.quotes.find((quotes) => quotes.length > 1 && lineSuffix.trimStart().startsWith(quotes));
}

function insideString(linePrefix: string, quote: string): boolean {
  let count = 0;
  for (let index = 0; index < linePrefix.length; index++) {
    if (linePrefix[index] === '\\') index++;
    else if (linePrefix[index] === quote) count++;
  }
  return count % 2 === 1;
}

/** Drops the end of `text` if it repeats the `;`, `:` or `,` after the cursor. */
function dropTail(text: string, waiting: string): string {
  if (!/^[;,:]+$/.test(waiting)) return text;
  return text.endsWith(waiting) ? text.slice(0, -waiting.length) : text;
}
