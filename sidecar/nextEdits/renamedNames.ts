import type { RecentEdit, SourceDocument, SuggestContext } from './suggester.ts';
import { isName, tokensOf, wholeWords } from './words.ts';

/** A name that a recent edit replaced. `[start, end)` is its place now. */
export interface RenamedName {
  readonly document: SourceDocument;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  /** Whether type parameters behind the name went with it: `identity<T>` became `identityOfText`. */
  readonly losesTypes: boolean;
}

/** The most edits that are looked at. */
const MAX_EDITS = 12;
/** A name whose parameters were edited too is the same name if this many first letters are left. */
const MIN_COMMON_LETTERS = 3;

/** Returns the names that recent edits replaced, the newest first. A name that was replaced twice is there once. */
export function renamedIn({ edits, document }: SuggestContext): RenamedName[] {
  const found: RenamedName[] = [];
  for (const edit of edits.slice(0, MAX_EDITS)) {
    const of = document(edit.uri);
    const renamed = of && renamedBy(edit, of);
    if (renamed && !found.some(({ before, document: { uri } }) => before === renamed.before && uri === edit.uri))
      found.push(renamed);
  }
  return found;
}

/** Returns the name that an edit replaced, if it replaced one. */
function renamedBy(edit: RecentEdit, document: SourceDocument): RenamedName | undefined {
  const { text } = document;
  const place = wholeWords(text, edit);
  const after = text.slice(place.start, place.end);
  const before = text.slice(place.start, edit.start) + edit.removed + text.slice(edit.end, place.end);
  const pair = replacedName(tokensOf(before), tokensOf(after));
  if (pair === undefined) return undefined;
  const start = place.start + pair.offset;
  return {
    document,
    start,
    end: start + pair.after.length,
    before: pair.before,
    after: pair.after,
    losesTypes: new RegExp(`${pair.before}\\s*<`).test(before) && !after.includes('<'),
  };
}

/** Finds the one name that differs between two lists of tokens. `offset` is its place in the later text. */
function replacedName(
  before: readonly string[],
  after: readonly string[],
): { readonly before: string; readonly after: string; readonly offset: number } | undefined {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const [old, now] = [before.slice(head, before.length - tail), after.slice(head, after.length - tail)];
  const [from, to] = [old[0] ?? '', now[0] ?? ''];
  if (!isName(from) || !isName(to) || from === to) return undefined;
  const isOneName = old.length === 1 && now.length === 1;
  if (!isOneName && !(Math.min(old.length, now.length) === 1 && isSameBeginning(from, to))) return undefined;
  return { before: from, after: to, offset: after.slice(0, head).join('').length };
}

function isSameBeginning(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  let common = 0;
  while (common < shorter && one[common] === other[common]) common++;
  return common >= MIN_COMMON_LETTERS && common >= shorter / 2;
}
