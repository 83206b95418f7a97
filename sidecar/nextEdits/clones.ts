import type { Node } from '../syntax/treeSitter.ts';
import type { SourceDocument } from './suggester.ts';

interface Definition {
  readonly document: SourceDocument;
  readonly node: Node;
  readonly declarator: Node;
  readonly name: string;
}

/** Words whose exchange turns comparisons around. */
const OPPOSITES: readonly (readonly [string, string])[] = [
  ['min', 'max'],
  ['minimum', 'maximum'],
  ['lowest', 'highest'],
  ['smallest', 'largest'],
];

/**
 * Returns a definition for a declared method, made from the definition of a method with the same types whose name
 * differs in one word: `getMin` gives `getMax`. `undefined` if there is no such word, or the body does not use it.
 */
export function clonedFor(declared: Definition, model: Definition): string | undefined {
  const words = differingWord(model.name, declared.name);
  if (words === undefined || signatureOf(declared) !== signatureOf(model)) return undefined;
  const [from, to] = words;
  const head = model.document.text.slice(model.node.startIndex, model.declarator.endIndex);
  const body = model.document.text.slice(model.declarator.endIndex, model.node.endIndex);
  if (!new RegExp(from, 'i').test(body)) return undefined;
  const isOpposite = OPPOSITES.some((pair) => pair.includes(from) && pair.includes(to));
  const lines = body.split('\n').map((line) => {
    const replaced = withWord(line, from, to);
    return isOpposite && replaced !== line ? turned(replaced) : replaced;
  });
  return withWord(head, from, to) + lines.join('\n');
}

/** Returns the one word, in lower case, in which two names in camel case or snake case differ. */
function differingWord(one: string, other: string): readonly [string, string] | undefined {
  const [first, second] = [one, other].map((name) => name.match(/[A-Z]?[a-z0-9]+|[A-Z]+|_+/g) ?? []);
  if (first === undefined || first.length !== second?.length) return undefined;
  const places = first.flatMap((word, index) => (word === second[index] ? [] : [index]));
  const [place] = places;
  if (place === undefined || places.length > 1 || first.length < 2) return undefined;
  return [(first[place] ?? '').toLowerCase(), (second[place] ?? '').toLowerCase()];
}

/** Returns the types of a method, without names. */
function signatureOf({ node, declarator, document }: Definition): string {
  const name = declarator.childForFieldName('declarator') ?? declarator;
  return `${document.text.slice(node.startIndex, name.startIndex)}${document.text.slice(name.endIndex, declarator.endIndex)}`.replaceAll(
    /\s+/g,
    ' ',
  );
}

/** Replaces a word in names, in lower case, capitalized, and in capitals. */
function withWord(text: string, from: string, to: string): string {
  const capitalized = (word: string): string => word.slice(0, 1).toUpperCase() + word.slice(1);
  return text
    .replaceAll(new RegExp(`(?<![A-Za-z])${from}(?![a-z])`, 'g'), to)
    .replaceAll(new RegExp(`${capitalized(from)}(?![a-z])`, 'g'), capitalized(to))
    .replaceAll(new RegExp(`(?<![A-Z])${from.toUpperCase()}(?![A-Z])`, 'g'), to.toUpperCase());
}

/** Turns comparisons around. Angles of templates have no spaces around them. */
function turned(line: string): string {
  return line.replaceAll(
    / ([<>])(=?) /g,
    (_, angle: string, equals: string) => ` ${angle === '<' ? '>' : '<'}${equals} `,
  );
}
