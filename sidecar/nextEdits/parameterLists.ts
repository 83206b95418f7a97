import { children } from '../syntax/nodeTexts.ts';
import type { Node } from '../syntax/treeSitter.ts';
import type { TextEdit } from './suggester.ts';

/** A change of a list by one parameter. `index` and `count` leave out `self`; `count` is the number before. */
export interface ListChange {
  readonly kind: 'added' | 'removed';
  readonly index: number;
  readonly count: number;
  readonly name: string;
}

const OWN = /^(?:&?\s*(?:mut\s+)?self|cls|this\b.*)$/;
const OPENING = '([{<';
const CLOSING = ')]}>';

/** Splits "(a, b: Map<c, d>)" at its commas, without `self`. */
export function splitList(list: string): string[] {
  const items: string[] = [];
  let depth = 0;
  let item = '';
  for (const [index, unit] of [...list.slice(1, -1)].entries()) {
    // The angle of an arrow closes nothing.
    if (OPENING.includes(unit)) depth++;
    else if (CLOSING.includes(unit) && !(unit === '>' && /[=-]$/.test(item)) && index > 0) depth--;
    if (unit === ',' && depth === 0) {
      items.push(item.trim());
      item = '';
    } else item += unit;
  }
  if (item.trim() !== '') items.push(item.trim());
  return items.filter((each) => !OWN.test(each));
}

/**
 * Returns the parameter that was added or removed, if that is the only change and calls must follow it. In Go a
 * parameter's name comes first.
 */
export function changeOfList(
  before: readonly string[],
  after: readonly string[],
  isNameFirst = false,
): ListChange | undefined {
  if (Math.abs(before.length - after.length) !== 1) return undefined;
  const [longer, shorter] = before.length > after.length ? [before, after] : [after, before];
  const names = [longer, shorter].map((items) => items.map((item) => nameOfParameter(item, isNameFirst))) as [
    string[],
    string[],
  ];
  let index = 0;
  while (index < shorter.length && names[0][index] === names[1][index]) index++;
  const isOnlyChange = names[1].slice(index).every((name, place) => name === names[0][index + place + 1]);
  const item = longer[index] ?? '';
  const name = names[0][index] ?? '';
  if (!isOnlyChange || name === '') return undefined;
  if (before.length > after.length) return { kind: 'removed', index, count: before.length, name };
  // Calls may leave these out.
  if (/=|^\.\.\.|^\*|\.\.\.|^[\p{L}\p{N}_\s]+\?/u.test(item)) return undefined;
  return { kind: 'added', index, count: before.length, name };
}

/** Returns the name of a parameter, in the order of words of any language: `int a`, `a: int`, `$a`. */
export function nameOfParameter(parameter: string, isNameFirst: boolean): string {
  const [head = ''] = parameter.split(/=(?!>)/, 1);
  const beforeColon = /^([^:]*?)\??\s*:(?!:)/.exec(head)?.[1];
  const words = (beforeColon ?? head).match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? [];
  return words.at(isNameFirst ? 0 : -1) ?? '';
}

/** Returns the nodes of a list's parameters, without `self`. */
export function parametersOf(list: Node): Node[] {
  return children(list).filter(({ text }) => !OWN.test(text));
}

/** Returns the edit that removes an argument with its comma. */
export function removalOf(args: readonly Node[], index: number): TextEdit {
  const own = args[index] as Node;
  const next = args[index + 1];
  const previous = args[index - 1];
  if (next !== undefined) return [own.startIndex, next.startIndex, ''];
  return [previous?.endIndex ?? own.startIndex, own.endIndex, ''];
}
