import { children } from '../syntax/nodeTexts.ts';
import type { Node } from '../syntax/treeSitter.ts';

/** A parameter as its text tells. */
export interface Parameter {
  readonly text: string;
  /** The name, or the last name of a pattern. */
  readonly name: string;
  /** The names of a pattern `{ a, b }`, if it takes properties by their own names and nothing else. */
  readonly properties?: readonly string[];
  /** The type without spaces, if the text has one. */
  readonly type?: string;
  /** Whether calls may leave it out. */
  readonly isOptional: boolean;
  /** Whether it takes any number of arguments. */
  readonly isRest: boolean;
  /** Whether calls of Python pass it by its name. */
  readonly isKeyword: boolean;
}

/** A change of a list of parameters by more than names and types. `self` is left out. */
export interface ListChange {
  readonly before: readonly Parameter[];
  readonly after: readonly Parameter[];
  /** For each parameter after the change its index before it; `undefined` if it is new. */
  readonly origins: readonly (number | undefined)[];
}

const OWN = /^(?:&?\s*(?:mut\s+)?self|cls|this\b.*)$/;
/** Behind the star, calls of Python pass arguments by their names. */
const STAR = '*';
const OPENING = '([{<';
const CLOSING = ')]}>';

/** Splits "(a, b: Map<c, d>)" at its commas, without `self`. */
function splitList(list: string): string[] {
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

/** Returns the parameters of a list's text. */
export function parametersIn(list: string, languageId: string): Parameter[] {
  const items = splitList(list).map((item) => withoutComments(item, languageId));
  const star = languageId === 'python' ? items.findIndex((item) => item.startsWith(STAR)) : -1;
  return items.flatMap((item, index) => {
    if (item === STAR || item === '/' || item === '') return [];
    return [parameterOf(item, languageId, star >= 0 && index > star)];
  });
}

function parameterOf(text: string, languageId: string, isKeyword: boolean): Parameter {
  const isRest = /^\.\.\.|^\*|\.\.\./.test(text.split(/[{=]/, 1)[0] ?? '');
  const isOptional = /=(?!>)|^[\p{L}_\p{N}\s]+\?/u.test(text.replaceAll('=>', ''));
  const properties = propertiesOf(text);
  const type = typeOfParameter(text, languageId);
  return {
    text,
    name: nameOfParameter(text, languageId === 'go'),
    ...(properties ? { properties } : {}),
    ...(type === undefined ? {} : { type }),
    isOptional: isOptional || isRest,
    isRest,
    isKeyword,
  };
}

function withoutComments(item: string, languageId: string): string {
  const pattern = languageId === 'python' ? /#[^\n]*/g : /\/\*.*?\*\/|\/\/[^\n]*/gs;
  return item.replaceAll(pattern, '').trim();
}

function propertiesOf(text: string): string[] | undefined {
  const list = /^\{([\w$,\s]+)\}/.exec(text)?.[1];
  return list
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}

/** Returns the type in a parameter's text, without spaces. */
function typeOfParameter(text: string, languageId: string): string | undefined {
  const [head = ''] = text.split(/=(?!>)/, 1);
  const patterns: Readonly<Record<string, RegExp>> = {
    go: /^\w+\s+(.+)$/s,
    java: /^(?:@\w+\s+|final\s+)*(.+?)\s+\w+$/s,
  };
  const pattern = patterns[languageId] ?? /^[^:]*?\??\s*:(?!:)(.+)$/s;
  return pattern.exec(head.trim())?.[1]?.replaceAll(/\s+/g, '');
}

/**
 * Returns how a list changed, if parameters were added, removed or moved. `undefined` if none was, or if a parameter
 * may have got another name.
 */
export function changeOfList(before: readonly Parameter[], after: readonly Parameter[]): ListChange | undefined {
  const [old, now] = [before, after].map((list) => list.map(({ name }) => name)) as [string[], string[]];
  if ([old, now].some((names) => names.includes('') || new Set(names).size < names.length)) return undefined;
  if (old.join() === now.join()) return undefined;
  const origins = now.map((name) => (old.includes(name) ? old.indexOf(name) : undefined));
  return mayBeRenamed(old, origins) ? undefined : { before, after, origins };
}

/** Whether a new parameter stands where another one was removed. */
function mayBeRenamed(old: readonly string[], origins: readonly (number | undefined)[]): boolean {
  const isGone = (index: number): boolean => index >= 0 && index < old.length && !origins.includes(index);
  return origins.some((origin, place) => {
    if (origin !== undefined) return false;
    const [previous, next] = [
      origins.slice(0, place).findLast((each) => each !== undefined),
      origins.slice(place).find((each) => each !== undefined),
    ];
    return isGone((previous ?? -1) + 1) || isGone((next ?? old.length) - 1);
  });
}

/** Returns the name of a parameter, in the order of words of any language: `int a`, `a: int`, `$a`. */
function nameOfParameter(parameter: string, isNameFirst: boolean): string {
  const [head = ''] = parameter.split(/=(?!>)/, 1);
  const beforeColon = /^([^:]*?)\??\s*:(?!:)/.exec(head)?.[1];
  const words = (beforeColon ?? head).match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? [];
  return words.at(isNameFirst ? 0 : -1) ?? '';
}

/** Returns the nodes of a list's parameters, without `self`. */
export function parametersOf(list: Node): Node[] {
  return children(list).filter(({ text }) => !OWN.test(text));
}
