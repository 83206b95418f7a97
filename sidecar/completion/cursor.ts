import type { CursorText } from '../syntax/cursorText.ts';
import { languageSyntax } from '../syntax/languages.ts';
import type { CompletionRequest } from './request.ts';
import { snapBack, snapForward, splitsCharacter, wellFormed } from '../common/unicode.ts';

/**
 * Units of text looked at on each side of the cursor, before it up to a step more; the prompt's budget cuts further.
 */
const WINDOW_UNITS = 64 * 1024;
/**
 * The window begins at a multiple of this, so that `before` goes on where the keystroke before ended: what is under way
 * for that one may serve this one.
 */
const WINDOW_STEP_UNITS = 8 * 1024;

/**
 * The text around the cursor as completion sees it: a bounded window, with `\n` line ends and no lone surrogates, as
 * though the selected item of an open suggestion list had been taken.
 */
export interface Cursor extends CursorText {
  readonly uri: string;
  readonly before: string;
  readonly after: string;
  /** Where `before` begins in the document, in UTF-16 units: cuts are made at stable places of the document. */
  readonly beforeStart: number;
  readonly eol: '\n' | '\r\n';
  /** What an accepted completion replaces, and the text it must begin with. */
  readonly start: number;
  readonly end: number;
  readonly selectedText: string;
}

/**
 * Reads the cursor's surroundings; undefined where no text can be inserted (inside a character, outside the document).
 */
export function readCursor(request: CompletionRequest): Cursor | undefined {
  const { text, offset, selectedCompletion: selected } = request;
  if (!Number.isInteger(offset) || offset < 0 || offset > text.length || splitsCharacter(text, offset))
    return undefined;
  const start = selected?.start ?? offset;
  const end = selected?.end ?? offset;
  if (start < 0 || start > end || end > text.length || splitsCharacter(text, start) || splitsCharacter(text, end))
    return undefined;
  const selectedText = selected?.text ?? '';
  const beforeStart = snapForward(
    text,
    Math.max(0, Math.floor((start - WINDOW_UNITS) / WINDOW_STEP_UNITS) * WINDOW_STEP_UNITS),
  );
  const rawBefore = text.slice(beforeStart, start) + selectedText;
  const rawAfter = text.slice(end, snapBack(text, Math.min(text.length, end + WINDOW_UNITS)));
  const before = normalize(rawBefore);
  const after = normalize(rawAfter);
  return {
    uri: request.uri,
    languageId: request.languageId,
    syntax: languageSyntax(request.languageId),
    before,
    after,
    beforeStart,
    linePrefix: before.slice(before.lastIndexOf('\n') + 1),
    lineSuffix: firstLine(after),
    eol: usesCrlf(rawBefore, rawAfter) ? '\r\n' : '\n',
    start,
    end,
    selectedText,
  };
}

function normalize(text: string): string {
  return wellFormed(text.includes('\r') ? text.replaceAll('\r\n', '\n') : text);
}

function usesCrlf(before: string, after: string): boolean {
  const last = before.lastIndexOf('\n');
  if (last >= 0) return before[last - 1] === '\r';
  const next = after.indexOf('\n');
  return next > 0 && after[next - 1] === '\r';
}

function firstLine(text: string): string {
  const end = text.indexOf('\n');
  return end < 0 ? text : text.slice(0, end);
}
