import type { Node } from './treeSitter.ts';

/** A longer text would not be read as a name. */
const MAX_NAME_UNITS = 48;
const MAX_NAMES = 8;

/** The text of a node in one short line; `undefined` if it is longer. */
export function textOf(node: Node | null): string | undefined {
  const text = node?.text;
  return text !== undefined && text !== '' && text.length <= MAX_NAME_UNITS && !/[\n\r`]/.test(text) ? text : undefined;
}

/** The first texts, each once. */
export const names = (texts: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(texts.filter((text) => text !== undefined))].slice(0, MAX_NAMES);

/** The nodes of some types below a node, in the order of the text. */
export const descendants = (of: Node, types: readonly string[]): Node[] =>
  of.descendantsOfType([...types]).filter((node): node is Node => node !== null && node.isNamed);

/** The named children that are no comments. */
export const children = (of: Node): Node[] =>
  of.namedChildren.filter((node): node is Node => node !== null && !node.type.includes('comment'));

/** The first child of a node by one of these fields. */
export const fieldOf = (of: Node, fields: readonly string[]): Node | null =>
  fields.map((field) => of.childForFieldName(field)).find((node) => node !== null) ?? null;
