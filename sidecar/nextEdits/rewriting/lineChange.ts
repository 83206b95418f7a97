import type { Hunk } from '../editJournal.ts';
import { isWordAt, lineAt, tokensOf } from '../words.ts';

/** An edit as whole lines, without the line break behind them. */
export interface LineChange {
  /** Offsets of the lines in the text now. */
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
}

/** Returns the whole lines that a hunk changed. `text` is the text now. */
export function lineChangeOf({ start, end, removed }: Hunk, text: string): LineChange {
  const from = lineAt(text, start).start;
  const to = Math.max(lineAt(text, end).end, end);
  return {
    start: from,
    end: to,
    before: text.slice(from, start) + removed + text.slice(end, to),
    after: text.slice(from, to),
  };
}

/** Returns the words of `one` that `other` does not have. Numbers are no words. */
export function wordsOnlyIn(one: string, other: string): ReadonlySet<string> {
  const others = new Set(wordsOf(other));
  return new Set(wordsOf(one).filter((word) => !others.has(word)));
}

/** Returns the words of a text in order. Numbers are no words. */
export function wordsOf(text: string): string[] {
  return tokensOf(text).filter((token) => isWordAt(token, 0) && !/^\d/.test(token));
}
