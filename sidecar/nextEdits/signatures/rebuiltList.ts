import type { Node } from '../../syntax/treeSitter.ts';
import type { TextEdit } from '../suggester.ts';
import { tokensOf } from '../words.ts';

/** An item of a rebuilt list: one of the list's nodes, perhaps with another text, or a new text. */
export interface RebuiltItem {
  readonly node?: Node;
  readonly text: string;
}

/**
 * Returns the edit that gives a list in brackets other items. `nodes` are its items now. Items that stay neighbours
 * keep the text between them, and new ones stand on lines of their own where the others do. `undefined` if nothing
 * changes.
 */
export function rebuiltList(
  text: string,
  {
    list,
    nodes,
    items,
  }: { readonly list: Node; readonly nodes: readonly Node[]; readonly items: readonly RebuiltItem[] },
): TextEdit | undefined {
  const [first, last] = [nodes[0], nodes.at(-1)];
  const [start, end] = [list.startIndex + 1, list.endIndex - 1];
  const now = text.slice(start, end);
  if (first === undefined || last === undefined || items.length === 0)
    return trimmedEdit(start, now, items.map((item) => item.text).join(', '));
  const gap = gapOf(text, list, nodes);
  const inner = items.map((item, index) => {
    const previous = items[index - 1];
    if (previous === undefined) return item.text;
    const place = item.node === undefined ? -1 : nodes.findIndex(({ id }) => id === item.node?.id);
    const areNeighbours = place > 0 && nodes[place - 1]?.id === previous.node?.id;
    return (areNeighbours ? text.slice(previous.node?.endIndex, item.node?.startIndex) : gap) + item.text;
  });
  return trimmedEdit(start, now, text.slice(start, first.startIndex) + inner.join('') + text.slice(last.endIndex, end));
}

/** Returns the text between two items: a comma, and a line break where the items stand on lines of their own. */
function gapOf(text: string, list: Node, [first, second]: readonly Node[]): string {
  if (first && second) {
    const gap = text.slice(first.endIndex, second.startIndex);
    if (/^,\s*$/.test(gap)) return gap;
  }
  const lead = first ? text.slice(list.startIndex + 1, first.startIndex) : '';
  return /^\r?\n[ \t]*$/.test(lead) ? `,${lead}` : ', ';
}

/** Returns an edit without the tokens that both texts begin or end with. */
function trimmedEdit(start: number, before: string, after: string): TextEdit | undefined {
  if (before === after) return undefined;
  const [old, now] = [tokensOf(before), tokensOf(after)];
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head++;
  let tail = 0;
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail++;
  const from = start + old.slice(0, head).join('').length;
  const removed = old.slice(head, old.length - tail).join('');
  return [from, from + removed.length, now.slice(head, now.length - tail).join('')];
}
