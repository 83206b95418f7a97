import { KEYWORDS } from './keywords.ts';
import type { ContextQuery } from './snippet.ts';

/** A name and its place in a document: a line counted from zero, and a character in UTF-16 units. */
export interface NamePlace {
  readonly line: number;
  readonly character: number;
  readonly name: string;
}

/** How far before the cursor names are searched, in UTF-16 units. */
const BEFORE_UNITS = 600;
const MAX_NAMES = 6;
const MIN_NAME_UNITS = 3;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/gu;
const LINE_END = /\r\n|\r|\n/g;

/**
 * Returns the names whose definitions help to complete at the cursor: the last ones before it, nearest first, each
 * once. The type of a variable tells which members may follow.
 */
export function namesToDefine({ text, offset }: Pick<ContextQuery, 'text' | 'offset'>): readonly NamePlace[] {
  const start = Math.max(0, offset - BEFORE_UNITS);
  const window = text.slice(start, offset);
  const last = new Map<string, number>();
  for (const match of window.matchAll(NAME)) {
    const [name] = match;
    if (name.length < MIN_NAME_UNITS || KEYWORDS.has(name)) continue;
    last.delete(name);
    last.set(name, start + match.index);
  }
  const first = lineAt(text, start);
  const lineStarts = [first.start, ...[...window.matchAll(LINE_END)].map((end) => start + end.index + end[0].length)];
  return [...last]
    .reverse()
    .slice(0, MAX_NAMES)
    .map(([name, at]) => {
      const line = lineStarts.findLastIndex((lineStart) => lineStart <= at);
      return { line: first.line + line, character: at - (lineStarts[line] ?? 0), name };
    });
}

/**
 * Returns the line of an offset, and the offset of its start. A document may have millions of units, so it is searched
 * once, without copies.
 */
function lineAt(text: string, offset: number): { readonly line: number; readonly start: number } {
  let line = 0;
  let start = 0;
  for (const mark of ['\n', '\r']) {
    for (let at = text.indexOf(mark); at >= 0 && at < offset; at = text.indexOf(mark, at + 1)) {
      // In `\r\n` the second character ends the line.
      if (mark === '\r' && text[at + 1] === '\n') continue;
      line++;
      start = Math.max(start, at + 1);
    }
  }
  return { line, start };
}
