import type { Cursor } from '../cursor.ts';
import type { LanguageSyntax } from '../../syntax/languages.ts';
import { openAtEnd } from '../../syntax/openAtEnd.ts';
import { anglesOf } from './angles.ts';
import { brackets, endOfString, openerOf, stringEndIn } from '../../syntax/brackets.ts';
import type { Filter } from './filter.ts';
import { stringAtCursor } from './stringAtCursor.ts';

/**
 * No doubled closers: the closers right after the cursor close what stands before it, so the ones that the completion
 * brings for the same openers go, with all that follows them. On a line that ends with them a completion may go on
 * behind them: then it brings them itself, or opens as much again as it closes.
 */
export const dropDoubledClosers: Filter = (text, { cursor }) => {
  const waiting = /^\s*[)\]}"'`>;,:]*/.exec(cursor.lineSuffix)?.[0].replace(/\s/g, '') ?? '';
  if (waiting === '' || overtypedUnits(text, cursor) > 0 || balancesLine(text, cursor)) return text;
  return dropTail(text.slice(0, unmatchedAt(text, waiting[0] ?? '', cursor)), waiting);
};

/**
 * Units after the cursor that a completion of one line brings itself, since it closes what is open and goes on, or goes
 * on between two closers: the closers that end the cursor's line, with a mark behind them that the completion ends
 * with, too. They are replaced by it. A completion with one closer more brings none: that is a slip of the model; nor
 * does one that leaves open what the line opened before the cursor.
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

/** Whether what the line opens before the cursor, a bracket or a string, is still open behind the text. */
function leavesOpen(text: string, { linePrefix, syntax }: CursorLine): boolean {
  const { openBrackets, isInString } = openAtEnd(linePrefix + text, syntax);
  return isInString || openBrackets.some((index) => index < linePrefix.length);
}

/**
 * Whether the text goes into a line that ends with closers, and in that line each of them still closes something, and
 * nothing is left open.
 */
function balancesLine(text: string, { linePrefix, lineSuffix, syntax }: CursorLine): boolean {
  if (text.includes('\n') || !/^[)\]}"'`]+\s*$/.test(lineSuffix) || longQuotes(lineSuffix, syntax) !== undefined)
    return false;
  const { openBrackets, isInString, closesMore: doesCloseMore } = openAtEnd(linePrefix + text + lineSuffix, syntax);
  return !isInString && openBrackets.length === 0 && !doesCloseMore;
}

/**
 * Whether the closers that an editor set behind the cursor are those that the text brings for what stands open before
 * it, one after another.
 */
export const bringsClosers = (text: string, closers: string, line: CursorLine): boolean =>
  endOfClosers(text, closers, line) !== undefined;

/**
 * Where the last of these closers ends in a text that brings them, one after another, for what stands open before it;
 * `undefined`: it does not.
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

/** Whether there is a bracket that nothing in the text opens. */
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

/** Where the closer that waits first after the cursor stands in the text and closes nothing of it. */
function unmatchedAt(text: string, first: string, { linePrefix, lineSuffix, syntax }: CursorLine): number | undefined {
  const quotes = longQuotes(lineSuffix, syntax);
  if (quotes !== undefined) return text.includes(quotes) ? text.indexOf(quotes) : undefined;
  // A quote that is waiting after the cursor closes the string that the cursor is in, whatever else stands in the
  // string.
  if (/["'`]/.test(first) && insideString(linePrefix, first)) {
    const end = endOfString(text, 0, first);
    return text[end] === first ? end : undefined;
  }
  if (first === '>')
    return opensAngle(linePrefix, syntax) ? anglesOf(text, stringEndIn(syntax)).unmatchedAt : undefined;
  const at = firstUnmatched(text, first, syntax);
  if (at !== undefined) return at;
  // Of a string that nothing closes behind the cursor the text has the end.
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

/** Whether a `>` behind the line would close a tag or a list of types, and compare nothing. */
function opensAngle(linePrefix: string, syntax: LanguageSyntax): boolean {
  const bracket = openAtEnd(linePrefix, syntax).openBrackets.at(-1) ?? -1;
  return anglesOf(linePrefix.slice(bracket + 1), stringEndIn(syntax)).open > 0;
}

/** The quotes that wait first after the cursor, if those are long ones: between such a single one is text. */
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

/** Drops a tail of `text` that is what waits after the cursor: `;` or `:` or `,`. */
function dropTail(text: string, waiting: string): string {
  if (!/^[;,:]+$/.test(waiting)) return text;
  return text.endsWith(waiting) ? text.slice(0, -waiting.length) : text;
}
