import { KEYWORDS } from './keywords.ts';
import type { ContextQuery } from './snippet.ts';

/** A name, and where it stands in a document: zero-based line, and character in UTF-16 units. */
export interface NamePlace {
  readonly line: number;
  readonly character: number;
  readonly name: string;
}

/** Names are looked for in so many units before the cursor, the nearest first. */
const BEFORE_UNITS = 600;
const MAX_NAMES = 6;
const MIN_NAME_UNITS = 3;
const NAME = /[\p{L}_$][\p{L}\p{N}_$]*/gu;
const LINE_END = /\r\n|\r|\n/g;

/**
 * Where the names stand whose definitions help to write on at the cursor: the last ones before it, each once. A
 * variable's own type tells what may follow it.
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
 * The line of an offset, and where it begins. A document may have millions of units: it is searched once, and nothing
 * is made of what is found.
 */
function lineAt(text: string, offset: number): { readonly line: number; readonly start: number } {
  let line = 0;
  let start = 0;
  for (const mark of ['\n', '\r']) {
    for (let at = text.indexOf(mark); at >= 0 && at < offset; at = text.indexOf(mark, at + 1)) {
      // Of `\r\n` the second counts.
      if (mark === '\r' && text[at + 1] === '\n') continue;
      line++;
      start = Math.max(start, at + 1);
    }
  }
  return { line, start };
}
