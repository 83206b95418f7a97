import type { Node } from '../../syntax/treeSitter.ts';
import type { SourceDocument, TextEdit } from '../suggester.ts';
import { lineBreakOf } from '../words.ts';

/** A document that lacks imports, and the root of its tree. */
export interface Importing {
  readonly document: SourceDocument;
  readonly root: Node;
}

/** Orders names as people sort imports: without regard to case. */
function compared(one: string, other: string): number {
  return one.toLowerCase().localeCompare(other.toLowerCase(), 'en');
}

/** An item to add to a list: its text, and the name by which the list is sorted. */
export interface ListItem {
  readonly text: string;
  readonly key: string;
}

/**
 * Adds items to a list of names: each in its place if the list is sorted, or else as the last. Items stand on lines of
 * their own where the others do.
 */
export function withItems(
  text: string,
  list: readonly { readonly key: string; readonly start: number; readonly end: number }[],
  added: readonly ListItem[],
): TextEdit[] {
  const last = list.at(-1);
  if (last === undefined) return [];
  const isSorted = list.length > 1 && list.every(({ key }, index) => compared(list[index - 1]?.key ?? '', key) <= 0);
  const separator = separatorOf(text, list);
  return [...added]
    .sort((one, other) => compared(one.key, other.key))
    .map(({ text: item, key }) => {
      const next = isSorted ? list.find((each) => compared(key, each.key) < 0) : undefined;
      return next ? [next.start, next.start, `${item}${separator}`] : [last.end, last.end, `${separator}${item}`];
    });
}

/** Returns the comma and the spaces between two items of a list. */
function separatorOf(text: string, list: readonly { readonly start: number; readonly end: number }[]): string {
  const [one, other] = list.slice(-2);
  if (one && other) {
    const gap = text.slice(one.end, other.start);
    return /^,\s*$/.test(gap) ? gap : ', ';
  }
  const before = one ? /\n[ \t]*$/.exec(text.slice(0, one.start))?.[0] : undefined;
  return before === undefined ? ', ' : `,${before}`;
}

/** Puts a line behind the line at an offset, or at the beginning of the text. */
export function lineAfter(text: string, lastEnd: number | undefined, line: string): TextEdit {
  const lineBreak = lineBreakOf(text);
  if (lastEnd === undefined) return [0, 0, `${line}${lineBreak}`];
  const next = text.indexOf('\n', lastEnd) + 1;
  return next === 0 ? [text.length, text.length, `${lineBreak}${line}`] : [next, next, `${line}${lineBreak}`];
}

/** Puts a line before the line at an offset. */
export function lineBefore(text: string, start: number, line: string): TextEdit {
  const at = text.lastIndexOf('\n', start - 1) + 1;
  return [at, at, `${line}${lineBreakOf(text)}`];
}

/** A line of imports, with the key by which such lines are sorted. */
export interface ImportLine {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

/** Puts a line among lines that belong together: in its place if they are sorted, or else behind the last. */
export function lineAmong(text: string, lines: readonly ImportLine[], { text: line, key }: ListItem): TextEdit {
  const isSorted =
    lines.length > 1 && lines.every((each, index) => index === 0 || (lines[index - 1]?.key ?? '') <= each.key);
  const next = isSorted ? lines.find((each) => key < each.key) : undefined;
  return next ? lineBefore(text, next.start, line) : lineAfter(text, lines.at(-1)?.end, line);
}
