import { isWordAt } from './words.ts';

/** A replacement in a text: `[start, end)` of the text before gives way to `text`. Offsets count UTF-16 units. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A stretch of a document's text now that differs from its text some edits ago. */
export interface Hunk {
  readonly start: number;
  readonly end: number;
  /** The text that stood there before. */
  readonly removed: string;
  /** The text that stands there now. */
  readonly inserted: string;
  /** When the stretch was last edited. */
  readonly timeMs: number;
  /** Edits of one moment, as by several cursors, have the same number. */
  readonly moment: number;
}

/** A change that the user took back. */
export type Undone = Pick<Hunk, 'start' | 'removed' | 'inserted'>;

interface Entry {
  hunks: Hunk[];
  undone: Undone[];
}

const MAX_DOCUMENTS = 32;
const MAX_HUNKS = 32;
const MAX_UNDONE = 16;
/** A larger change comes from a formatter, a branch or a paste, and nothing follows from it. */
const MAX_HUNK_UNITS = 16 * 1024;
/** The most replacements of one moment. Formatters make more. */
const MAX_REPLACEMENTS = 64;
const MAX_WORD_UNITS = 128;
const FORGET_AFTER_MS = 10 * 60_000;

/**
 * The recent edits of each document, as a person meant them. Keystrokes that touch, or change the same word, become
 * one hunk. A hunk that stands as before is gone, so an undone edit leaves none. Sizes and ages are bounded.
 */
export class EditJournal {
  readonly #entries = new Map<string, Entry>();
  #moment = 0;

  /**
   * Records replacements that were made at once. All offsets refer to `before`, the text before them, and the
   * replacements do not overlap.
   */
  record(uri: string, before: string, replacements: readonly Replacement[], timeMs: number): void {
    const entry = this.#entry(uri);
    const isBulk =
      replacements.length > MAX_REPLACEMENTS ||
      replacements.some(({ start, end, text }) => end - start > MAX_HUNK_UNITS || text.length > MAX_HUNK_UNITS);
    if (isBulk) {
      entry.hunks = [];
      entry.undone = [];
      return;
    }
    const moment = ++this.#moment;
    let text = before;
    // From the end to the start, so that offsets of the text before stay right.
    for (const replacement of [...replacements].sort((one, other) => other.start - one.start)) {
      replace(entry, text, replacement, { timeMs, moment });
      text = text.slice(0, replacement.start) + replacement.text + text.slice(replacement.end);
    }
    entry.hunks = entry.hunks.filter((hunk) => timeMs - hunk.timeMs <= FORGET_AFTER_MS).slice(-MAX_HUNKS);
  }

  /** Returns the hunks of all documents, the newest first. */
  recent(nowMs: number): readonly (Hunk & { readonly uri: string })[] {
    return [...this.#entries]
      .flatMap(([uri, { hunks }]) => hunks.map((hunk) => ({ ...hunk, uri })))
      .filter(({ timeMs }) => nowMs - timeMs <= FORGET_AFTER_MS)
      .sort((one, other) => other.moment - one.moment || one.start - other.start);
  }

  /** Returns the changes of a document that the user took back. */
  undone(uri: string): readonly Undone[] {
    return this.#entries.get(uri)?.undone ?? [];
  }

  /** Forgets a document, as when it is closed or may no longer be read. */
  forget(uri: string): void {
    this.#entries.delete(uri);
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear();
  }

  #entry(uri: string): Entry {
    const entry = this.#entries.get(uri) ?? { hunks: [], undone: [] };
    // The map's order is the order of use.
    this.#entries.delete(uri);
    this.#entries.set(uri, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_DOCUMENTS && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }
}

/** Applies one replacement: moves the hunks behind it, and makes one hunk of it and those that it meets. */
function replace(
  entry: Entry,
  before: string,
  replacement: Replacement,
  { timeMs, moment }: Pick<Hunk, 'timeMs' | 'moment'>,
): void {
  const { start, end, text } = replacement;
  const met = entry.hunks
    .filter((hunk) => meets(hunk, replacement, hunk.moment !== moment ? before : undefined))
    .sort((one, other) => one.start - other.start);
  const from = Math.min(start, met[0]?.start ?? start);
  const to = Math.max(end, met.at(-1)?.end ?? end);
  const inserted = before.slice(from, start) + text + before.slice(end, to);
  const removed = textBefore(before, met, { from, to });
  const shift = text.length - (end - start);
  const isUndone = removed === inserted;
  if (isUndone) entry.undone.push(...met.map((hunk) => ({ ...hunk })));
  entry.undone = entry.undone
    .map((each) => (each.start > end ? { ...each, start: each.start + shift } : each))
    .slice(-MAX_UNDONE);
  const others = entry.hunks
    .filter((hunk) => !met.includes(hunk))
    .map((hunk) => (hunk.start >= end ? { ...hunk, start: hunk.start + shift, end: hunk.end + shift } : hunk));
  const isTooLarge = removed.length > MAX_HUNK_UNITS || inserted.length > MAX_HUNK_UNITS;
  entry.hunks =
    isUndone || isTooLarge ? others : [...others, { ...trimmed({ start: from, removed, inserted }), timeMs, moment }];
}

/**
 * Whether a replacement overlaps a hunk. If `before`, the text before the replacement, is given, they may also touch or
 * change the same word.
 */
function meets(hunk: Hunk, { start, end, text }: Replacement, before: string | undefined): boolean {
  if (before === undefined) return hunk.start < end && hunk.end > start;
  if (hunk.start <= end && hunk.end >= start) return true;
  const [own, other] = [hunk.inserted || hunk.removed, text || before.slice(start, end)];
  return hunk.end < start
    ? isWordAt(own, own.length - 1) && isWord(before, hunk.end, start) && isWordAt(other, 0)
    : isWordAt(other, other.length - 1) && isWord(before, end, hunk.start) && isWordAt(own, 0);
}

/** Whether `[from, to)` of a text lies in one word. */
function isWord(text: string, from: number, to: number): boolean {
  if (to - from > MAX_WORD_UNITS) return false;
  for (let at = from; at < to; at++) if (!isWordAt(text, at)) return false;
  return true;
}

/** Returns the text that stood at `[from, to)` before the hunks in it. The hunks are in the order of the text. */
export function textBefore(
  text: string,
  hunks: readonly Pick<Hunk, 'start' | 'end' | 'removed'>[],
  { from, to }: { readonly from: number; readonly to: number },
): string {
  let before = '';
  let at = from;
  for (const hunk of hunks) {
    before += text.slice(at, hunk.start) + hunk.removed;
    at = hunk.end;
  }
  return before + text.slice(at, to);
}

/** Returns a hunk without the text that both sides begin or end with. */
function trimmed({
  start,
  removed,
  inserted,
}: {
  readonly start: number;
  readonly removed: string;
  readonly inserted: string;
}): Pick<Hunk, 'start' | 'end' | 'removed' | 'inserted'> {
  const shorter = Math.min(removed.length, inserted.length);
  let head = 0;
  while (head < shorter && removed[head] === inserted[head]) head++;
  let tail = 0;
  while (tail < shorter - head && removed.at(-1 - tail) === inserted.at(-1 - tail)) tail++;
  const insertedRest = inserted.slice(head, inserted.length - tail);
  return {
    start: start + head,
    end: start + head + insertedRest.length,
    removed: removed.slice(head, removed.length - tail),
    inserted: insertedRest,
  };
}
