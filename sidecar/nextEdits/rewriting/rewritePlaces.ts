import { languageSyntax } from '../../syntax/languages.ts';
import type { RecentEdit, SourceDocument } from '../suggester.ts';
import { isName, tokensOf } from '../words.ts';
import { type LineChange, lineChangeOf, wordsOf, wordsOnlyIn } from './lineChange.ts';
import { commonCount } from './reversal.ts';

/** A line that the last edit may concern too. */
export interface RewritePlace {
  readonly document: SourceDocument;
  /** The line without its line break and the white space at its end. */
  readonly start: number;
  readonly end: number;
}

/** The most text that is searched: the edited document, and others while there is room. */
const MAX_TEXT_UNITS = 256 * 1024;
/** An edit of more lines is no example for a single line. */
const MAX_EDIT_LINES = 4;
const MAX_LINE_UNITS = 160;
/**
 * Lines that share less with the edited one seldom change with it, even if they use the same name. Fitted to the
 * commits of this repository.
 */
const MIN_LIKENESS = 0.6;
/** A line so far away counts half as near as a neighbour. */
const NEAR_LINES = 8;
const NEARNESS_SHARE = 0.3;

interface Line {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Returns the lines that the newest edit may concern too, best first. They look like the line that it changed, and use
 * a name that it took away. They are in the edited document or in others of its language. Edits of comments and
 * imports, and of whole new lines, concern none.
 */
export function rewritePlaces(
  edits: readonly RecentEdit[],
  documents: readonly SourceDocument[],
  limit: number,
): RewritePlace[] {
  const [newest] = edits;
  const edited = documents.find(({ uri }) => uri === newest?.uri);
  if (newest === undefined || edited === undefined) return [];
  const change = lineChangeOf(newest, edited.text);
  if (!isExample(change, edited.languageId)) return [];
  const gone = [...wordsOnlyIn(change.before, change.after)].filter(isName);
  return searched(edited, documents)
    .flatMap((document) => {
      const touched = edits.filter(({ uri }) => uri === document.uri);
      return linesOf(document.text)
        .filter(({ start, end }) => !touched.some((edit) => edit.start <= end && edit.end >= start))
        .map((line) => ({ document, line, score: scoreOf(line, { change, gone, document, edited }) }));
    })
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score || one.line.start - other.line.start)
    .slice(0, limit)
    .map(({ document, line: { start, end } }) => ({ document, start, end }));
}

/** The edited document and others of its language, as many as fit the limit. */
function searched(edited: SourceDocument, documents: readonly SourceDocument[]): readonly SourceDocument[] {
  const others = documents.filter(({ uri, languageId }) => uri !== edited.uri && languageId === edited.languageId);
  let units = 0;
  return [edited, ...others].filter(({ text }) => {
    const fits = units + text.length <= MAX_TEXT_UNITS;
    if (fits) units += text.length;
    return fits;
  });
}

/** Whether a change of lines is an example for others: it takes away words of existing code. */
function isExample({ before, after }: LineChange, languageId: string): boolean {
  if (before.trim() === '' || after.trim() === '') return false;
  if (Math.max(before.split('\n').length, after.split('\n').length) > MAX_EDIT_LINES) return false;
  if (isPart(before, after) || isPart(after, before)) return false;
  if (isComment(before, languageId) && isComment(after, languageId)) return false;
  if (before.split('\n').some(isImport)) return false;
  return wordsOnlyIn(before, after).size > 0;
}

/** Whether whole lines of `whole` are `part`, so that the others were added or removed. */
function isPart(part: string, whole: string): boolean {
  const lines = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || []);
  const own = lines(part);
  const all = lines(whole);
  return own.length < all.length && own.every((line) => all.includes(line));
}

interface Example {
  readonly change: LineChange;
  /** The names that the change took away. */
  readonly gone: readonly string[];
  /** The document of the line, and that of the change. */
  readonly document: SourceDocument;
  readonly edited: SourceDocument;
}

/** How much a line looks as if the change concerned it. 0: not at all. */
function scoreOf({ text, start }: Line, { change, gone, document, edited }: Example): number {
  // Most lines end here, before they are cut into words.
  if (text.length > MAX_LINE_UNITS || !gone.some((name) => text.includes(name))) return 0;
  if (isComment(text, document.languageId) || isImport(text)) return 0;
  const words = new Set(wordsOf(text));
  const likeness = Math.max(...change.before.split('\n').map((line) => likenessOf(line, text)));
  if (likeness < MIN_LIKENESS || !gone.some((name) => words.has(name))) return 0;
  if (document !== edited) return likeness;
  const [from, to] = [Math.min(start, change.start), Math.max(start, change.start)];
  const between = document.text.slice(from, to).split('\n').length - 1;
  return likeness + NEARNESS_SHARE / (1 + between / NEAR_LINES);
}

/** The share of tokens that two lines have in common, from 0 to 1. */
export function likenessOf(one: string, other: string): number {
  const [first, second] = [one, other].map((text) => tokensOf(text).filter((token) => token.trim() !== ''));
  if (!first?.length || !second?.length) return 0;
  return (2 * commonCount(first, second)) / (first.length + second.length);
}

function isComment(text: string, languageId: string): boolean {
  const { lineComment = '//' } = languageSyntax(languageId);
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .every((line) => line.startsWith(lineComment) || /^(?:\/\*|\*|<!--|"""|''')/.test(line));
}

/** Whether a line imports something, or ends such a statement. The rules know imports better. */
function isImport(line: string): boolean {
  return /^\s*(?:import\b|from\s+\S+\s+import\b|export\b.*\bfrom\b|\}\s*from\b|use\s|#include\b|using\s)/.test(line);
}

function linesOf(text: string): Line[] {
  let start = 0;
  return text.split('\n').map((whole) => {
    const line = whole.trimEnd();
    const found = { start, end: start + line.length, text: line };
    start += whole.length + 1;
    return found;
  });
}
