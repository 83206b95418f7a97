import type { Node } from '../syntax/treeSitter.ts';
import type { Declaration } from './declarations.ts';
import { placesOfWord } from './words.ts';

const MAX_HEADER_UNITS = 400;

/** Whether the class of one member names the class of the other in its head: it extends or implements it. */
export function areRelatives(one: Declaration, other: Declaration): boolean {
  if (!one.isMember || one.container === undefined || one.container === other.container) return false;
  return names(headerOf(one.scope), other.container ?? '') || names(headerOf(other.scope), one.container);
}

function names(header: string, name: string): boolean {
  return placesOfWord(header, name, 1).length > 0;
}

function headerOf(scope: Node): string {
  const body = scope.childForFieldName('body');
  const length = body === null ? 0 : body.startIndex - scope.startIndex;
  return scope.text.slice(0, Math.min(length, MAX_HEADER_UNITS));
}
