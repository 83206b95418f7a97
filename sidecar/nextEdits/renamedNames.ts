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
  /** Whether the edit replaced nothing else. */
  readonly isAlone: boolean;
}

/** The most edits that are looked at. */
const MAX_EDITS = 12;
/** The most names that one edit replaces. */
const MAX_NAMES = 4;
/** A name whose parameters were edited too is the same name if this many first letters are left. */
const MIN_COMMON_LETTERS = 3;

/**
 * Returns the names that recent edits replaced, the newest first. A name that two edits replaced has the place of the
 * newer. A name that one edit replaced at several places is there with each of them.
 */
export function renamedIn({ edits, document }: Pick<SuggestContext, 'edits' | 'document'>): RenamedName[] {
  const found: RenamedName[] = [];
  for (const edit of edits.slice(0, MAX_EDITS)) {
    const of = document(edit.uri);
    const known = found.filter(({ document: { uri } }) => uri === edit.uri).map(({ before }) => before);
    found.push(...(of ? renamedBy(edit, of) : []).filter(({ before }) => !known.includes(before)));
  }
  return found;
}

/** Returns the names that an edit replaced: one, or several where nothing but names differs. */
function renamedBy(edit: RecentEdit, document: SourceDocument): RenamedName[] {
  const { text } = document;
  const place = wholeWords(text, edit);
  const after = text.slice(place.start, place.end);
  const before = text.slice(place.start, edit.start) + edit.removed + text.slice(edit.end, place.end);
  const [old, now] = [tokensOf(before), tokensOf(after)];
  const one = replacedName(old, now);
  return (one ? [one] : replacedNames(old, now)).map((pair) => ({
    document,
    start: place.start + pair.offset,
    end: place.start + pair.offset + pair.after.length,
    before: pair.before,
    after: pair.after,
    isAlone: one !== undefined && old.length === now.length,
    losesTypes: new RegExp(`${pair.before}\\s*<`).test(before) && !after.includes('<'),
  }));
}

interface Pair {
  readonly before: string;
  readonly after: string;
  /** The place in the later text. */
  readonly offset: number;
}

/** Finds the names that differ between two lists of tokens; none if anything else differs. */
function replacedNames(before: readonly string[], after: readonly string[]): Pair[] {
  if (before.length !== after.length) return [];
  const pairs: Pair[] = [];
  const newNames = new Map<string, string>();
  let offset = 0;
  for (const [index, now] of after.entries()) {
    const old = before[index] ?? '';
    if (old !== now) {
      if (!isName(old) || !isName(now) || (newNames.get(old) ?? now) !== now) return [];
      newNames.set(old, now);
      pairs.push({ before: old, after: now, offset });
    }
    offset += now.length;
  }
  return newNames.size > MAX_NAMES ? [] : pairs;
}

/** Finds the one name that differs between two lists of tokens. */
function replacedName(before: readonly string[], after: readonly string[]): Pair | undefined {
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
