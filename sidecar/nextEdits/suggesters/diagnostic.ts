import type { QuickFix, RecentEdit, SuggestContext, Suggestion } from '../suggester.ts';
import { isName, lineAt, placesOfWord, tokensOf, wholeWords } from '../words.ts';

const CONFIDENCE = 0.9;
const MAX_EDITS = 4;
/** A problem this near to an edit is its consequence, if a fix is the preferred one. */
const NEAR_UNITS = 200;
const MIN_NAME_UNITS = 3;

/**
 * A language server has a fix for a problem that a recent edit caused: the problem is at a name that the edit touched.
 * Suggests the preferred fix of such a problem, or its only one. A preferred fix also counts near the last edit, and
 * where its line has a name in common with the edited line: the use of a function that became asynchronous.
 */
export async function suggestDiagnostic(context: SuggestContext): Promise<readonly Suggestion[]> {
  const names = new Set(context.edits.slice(0, MAX_EDITS).flatMap((edit) => namesOf(context, edit)));
  return context.fixes
    .filter((fix) => isCaused(fix, names, context) && isChosen(fix, context.fixes))
    .map(({ uri, edits }): Suggestion => ({ uri, kind: 'diagnostic', confidence: CONFIDENCE, edits }));
}

/** Returns the names that an edit brought or took away. */
function namesOf({ document }: SuggestContext, edit: RecentEdit): string[] {
  const text = document(edit.uri)?.text;
  if (text === undefined) return [];
  const { start, end } = wholeWords(text, edit);
  const texts = [text.slice(start, end), text.slice(start, edit.start) + edit.removed + text.slice(edit.end, end)];
  return texts.flatMap(namesIn);
}

function namesIn(text: string): string[] {
  return tokensOf(text).filter((token) => isName(token) && token.length >= MIN_NAME_UNITS);
}

function isCaused(fix: QuickFix, names: ReadonlySet<string>, { document, edits }: SuggestContext): boolean {
  const whole = document(fix.uri)?.text ?? '';
  const text = whole.slice(fix.start, fix.end);
  const isNamed = [...names].some(
    (name) => placesOfWord(text, name, 1).length > 0 || placesOfWord(fix.title, name, 1).length > 0,
  );
  const isNear = edits
    .slice(0, 1)
    .some(({ uri, start, end }) => uri === fix.uri && fix.start <= end + NEAR_UNITS && fix.end >= start - NEAR_UNITS);
  return isNamed || (fix.isPreferred && (isNear || sharesName(fix, whole, edits[0])));
}

/** Whether the line of a problem has a name in common with the line of an edit of the same document. */
function sharesName({ uri, start }: QuickFix, text: string, edit: RecentEdit | undefined): boolean {
  if (edit?.uri !== uri) return false;
  const [edited, own] = [edit.start, start].map((offset) => {
    const line = lineAt(text, offset);
    return namesIn(text.slice(line.start, line.end));
  });
  return edited?.some((name) => own?.includes(name)) ?? false;
}

/** Whether a fix is the preferred one of its problem, or the only one. */
function isChosen(fix: QuickFix, fixes: readonly QuickFix[]): boolean {
  const rivals = fixes.filter(
    (other) => other !== fix && other.uri === fix.uri && other.start === fix.start && other.end === fix.end,
  );
  return fix.isPreferred ? !rivals.some(({ isPreferred }) => isPreferred) : rivals.length === 0;
}
