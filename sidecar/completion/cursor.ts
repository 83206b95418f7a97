import type { CursorText } from '../syntax/cursorText.ts';
import { languageSyntax } from '../syntax/languages.ts';
import type { CompletionRequest } from './request.ts';
import { snapBack, snapForward, splitsCharacter, wellFormed } from '../common/unicode.ts';

/** Units of text used on each side of the cursor, before it up to one step more. The prompt's budget cuts further. */
const WINDOW_UNITS = 64 * 1024;
/**
 * The window begins at a multiple of this. So `before` continues the text of the previous keystroke, and a generation
 * for that keystroke may serve this one.
 */
const WINDOW_STEP_UNITS = 8 * 1024;

/**
 * The text around the cursor: a bounded window with `\n` line ends and without lone surrogates. The selected item of an
 * open suggestion list counts as accepted.
 */
export interface Cursor extends CursorText {
  readonly uri: string;
  readonly before: string;
  readonly after: string;
  /** Where `before` begins in the document, in UTF-16 units. Prompts are cut at stable places of the document. */
  readonly beforeStart: number;
  readonly eol: '\n' | '\r\n';
  /** The range that an accepted completion replaces, and the text it must begin with. */
  readonly start: number;
  readonly end: number;
  readonly selectedText: string;
}

/**
 * Reads the text around the cursor. Returns `undefined` if no text can be inserted there (inside a character, outside
 * the document).
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
