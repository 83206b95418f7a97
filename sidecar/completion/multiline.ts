import type { CompletionSettings } from '../protocol/client.ts';
import { endsHead, opensBlock, opensCase, opensNameList } from '../syntax/blocks.ts';
import type { Cursor } from './cursor.ts';
import { indentationOf } from '../syntax/indentationWidth.ts';
import { isCommentLine } from '../syntax/languages.ts';

/** How much text to generate. */
export interface Extent {
  readonly multiline: boolean;
  readonly maxTokens: number;
}

const SINGLE_LINE_TOKENS = 32;
/** The most tokens of an extent. */
export const MULTI_LINE_TOKENS = 200;

/**
 * Chooses several lines if syntax opens an empty element (a block, a list, the code under a comment), else the rest of
 * the line.
 */
export function chooseExtent(cursor: Cursor, settings: CompletionSettings): Extent {
  const multiline = settings.multiline === 'always' || (settings.multiline !== 'never' && opensEmptyBlock(cursor));
  const limit = multiline ? MULTI_LINE_TOKENS : SINGLE_LINE_TOKENS;
  return { multiline, maxTokens: Math.max(1, Math.min(settings.maxTokens ?? limit, limit)) };
}

const closers = /^[)\]}>;,"'`]*$/;

function opensEmptyBlock(cursor: Cursor): boolean {
  const { linePrefix, lineSuffix, syntax } = cursor;
  if (syntax.prose || !closers.test(lineSuffix.trim())) return false;
  const onFreshLine = linePrefix.trim() === '';
  if (!onFreshLine) {
    if (isCommentLine(linePrefix, syntax)) return false;
    if (opensCase(linePrefix, syntax)) return !hasBody(indentationOf(linePrefix), cursor);
    return (
      opensBlock(linePrefix, syntax) &&
      !opensNameList(linePrefix) &&
      !closesAtOnce(cursor) &&
      !hasBody(indentationOf(linePrefix), cursor)
    );
  }
  const previous = previousLine(cursor);
  if (previous === undefined) return false;
  if (isCommentLine(previous.text, syntax)) return previous.adjacent && nextLineIsFree(cursor);
  const headIndentation = indentationOf(previous.text);
  if (endsHead(previous.text, syntax)) return !hasBody(indentationOf(linePrefix) - 1, cursor);
  // At the label's own depth the next case would begin.
  const opens = opensCase(previous.text, syntax)
    ? indentationOf(linePrefix) > headIndentation
    : opensBlock(previous.text, syntax);
  return opens && !hasBody(headIndentation, cursor);
}

/** Whether the editor closed a round or square bracket behind the cursor. Arguments and indexes are short. */
function closesAtOnce({ linePrefix, lineSuffix }: Cursor): boolean {
  return /[([]\s*$/.test(linePrefix) && /^\s*[)\]]/.test(lineSuffix);
}

/** Whether the block already has a body: the first line with text after the cursor is deeper than the block's head. */
function hasBody(headIndentation: number, cursor: Cursor): boolean {
  const rest = cursor.after.slice(cursor.lineSuffix.length);
  for (const line of rest.split('\n', 50)) if (line.trim() !== '') return indentationOf(line) > headIndentation;
  return false;
}

function nextLineIsFree(cursor: Cursor): boolean {
  const rest = cursor.after.slice(cursor.lineSuffix.length + 1);
  const next = rest.slice(0, rest.indexOf('\n') < 0 ? rest.length : rest.indexOf('\n'));
  return next.trim() === '' || indentationOf(next) < indentationOf(cursor.linePrefix);
}

function previousLine(cursor: Cursor): { text: string; adjacent: boolean } | undefined {
  const lines = cursor.before.slice(-4096).split('\n');
  for (let index = lines.length - 2; index >= 0; index--) {
    const text = lines[index] ?? '';
    if (text.trim() !== '') return { text, adjacent: index === lines.length - 2 };
  }
  return undefined;
}
