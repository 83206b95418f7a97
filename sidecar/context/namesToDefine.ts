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

/** Where the names stand whose definitions help to write on at the cursor: the last ones before it, each once. A variable's own type tells what may follow it. */
export function namesToDefine({ text, offset }: Pick<ContextQuery, 'text' | 'offset'>): readonly NamePlace[] {
  const start = Math.max(0, offset - BEFORE_UNITS);
  const last = new Map<string, number>();
  for (const match of text.slice(start, offset).matchAll(NAME)) {
    const [name] = match;
    if (name.length < MIN_NAME_UNITS || KEYWORDS.has(name)) continue;
    last.delete(name);
    last.set(name, start + match.index);
  }
  return [...last].reverse().slice(0, MAX_NAMES).map(([name, at]) => ({ ...placeOf(text, at), name }));
}

function placeOf(text: string, offset: number): Omit<NamePlace, 'name'> {
  const before = text.slice(0, offset);
  const ends = [...before.matchAll(LINE_END)];
  const last = ends.at(-1);
  return { line: ends.length, character: last === undefined ? offset : offset - last.index - last[0].length };
}
