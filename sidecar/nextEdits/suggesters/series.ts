import type { Node } from '../../syntax/treeSitter.ts';
import { isWithin, leavesNamed, scopeRulesOf } from '../declarations.ts';
import { isInMethodOf } from '../receivers.ts';
import { renamedIn } from '../renamedNames.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { firstWordIn, isWordAt, tokensOf } from '../words.ts';

const CONFIDENCE = 0.85;
const MAX_EDITS = 4;
const MAX_NODE_UNITS = 400;
/** Names of a series that stand alone are short: x, y, z. */
const MAX_BARE_UNITS = 2;
/** Names of coordinates: a class for one more dimension needs the next. */
const SERIES: readonly (readonly string[])[] = [
  ['x', 'y', 'z', 'w'],
  ['X', 'Y', 'Z', 'W'],
];

/** Three names of which the second follows the first as the third follows the second: x, y, z. */
interface Series {
  readonly first: string;
  readonly second: string;
  readonly third: string;
}

/**
 * A series of neighbours got one more: a class of points has one more dimension, or the user added `z` behind `x` and
 * `y`. Suggests the same wherever the class or function has the first two side by side.
 */
export async function suggestSeries(context: SuggestContext): Promise<readonly Suggestion[]> {
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const root = document && (await context.root(document));
    if (document === undefined || root === undefined) continue;
    const started = dimensionOf(context, root, edit) ?? addedElement(root, document, edit);
    if (started === undefined) continue;
    const edits = missingElements(root, document, started);
    if (edits.length > 0) return [{ uri: edit.uri, kind: 'series', confidence: CONFIDENCE, edits }];
  }
  return [];
}

interface Started {
  readonly series: Series;
  /** The class or function that the series belongs to. */
  readonly scope: Node;
}

/** A class's name got one more dimension: `Point2D` became `Point3D`, or `Point` did. */
function dimensionOf(context: SuggestContext, root: Node, edit: RecentEdit): Started | undefined {
  const renamed = renamedIn({ ...context, edits: [edit] })[0];
  const rules = renamed && scopeRulesOf(renamed.document.languageId);
  if (renamed === undefined || rules === undefined) return undefined;
  const dimensions = dimensionsBetween(renamed.before, renamed.after);
  const leaf = root.descendantForIndex(renamed.start, renamed.end);
  const scope = leaf?.parent;
  if (dimensions === undefined || !scope || !rules.classes.has(scope.type)) return undefined;
  const text = renamed.document.text.slice(scope.startIndex, scope.endIndex);
  const names = SERIES.find(([x = '', y = '']) => hasWord(text, x) && hasWord(text, y));
  const [first, second, third] = (names ?? []).slice(dimensions - 3);
  if (first === undefined || second === undefined || third === undefined || hasWord(text, third)) return undefined;
  return { series: { first, second, third }, scope };
}

/** Returns the dimensions of a renamed class, if they grew by one to three or four. */
function dimensionsBetween(before: string, after: string): number | undefined {
  const [, stem, digit] = /^(.*?)([34])[dD]?$/.exec(after) ?? [];
  if (stem === undefined) return undefined;
  const now = Number(digit);
  const isNext = [`${stem}${now - 1}`, `${stem}${now - 1}D`, `${stem}${now - 1}d`].includes(before);
  return isNext || (now === 3 && before === stem && /[dD]$/.test(after)) ? now : undefined;
}

/** The user added an element that differs from the one before it as that one does from its own. */
function addedElement(root: Node, { text, languageId }: SourceDocument, edit: RecentEdit): Started | undefined {
  const rules = scopeRulesOf(languageId);
  if (rules === undefined || edit.removed.trim() !== '' || edit.inserted.length > MAX_NODE_UNITS) return undefined;
  for (let node = root.descendantForIndex(firstWordIn(text, edit), edit.end); node !== null; node = node.parent) {
    if (node.endIndex - node.startIndex > MAX_NODE_UNITS) return undefined;
    const [previous, earlier] = [node.previousNamedSibling, node.previousNamedSibling?.previousNamedSibling];
    const isNew = node.startIndex >= edit.start && node.endIndex <= edit.end;
    if (!isNew || !previous || !earlier) continue;
    const last = substitution(previous.text, node.text);
    const one = substitution(earlier.text, previous.text);
    if (last === undefined || one === undefined || one[1] !== last[0]) continue;
    // Any three arguments differ by a word each.
    if (node.text === last[1] && [one[0], ...last].some((name) => name.length > MAX_BARE_UNITS)) continue;
    let scope: Node | null = node.parent;
    while (scope !== null && !rules.classes.has(scope.type) && !rules.functions.has(scope.type)) scope = scope.parent;
    return scope ? { series: { first: one[0], second: last[0], third: last[1] }, scope } : undefined;
  }
  return undefined;
}

/** Returns the only word in which two texts differ, wherever it occurs. */
function substitution(from: string, to: string): readonly [string, string] | undefined {
  const [one, other] = [tokensOf(from), tokensOf(to)];
  if (one.length !== other.length) return undefined;
  const pairs = one.flatMap((token, index) => (token === other[index] ? [] : [[token, other[index] ?? ''] as const]));
  const [first] = pairs;
  return first && isWordAt(first[0], 0) && pairs.every((pair) => pair[0] === first[0] && pair[1] === first[1])
    ? first
    : undefined;
}

/** Returns insertions of the third element behind each pair of the first two. */
function missingElements(root: Node, document: SourceDocument, { series, scope }: Started): TextEdit[] {
  const { text } = document;
  const className = scope.childForFieldName('name')?.text;
  const leaves = (leavesNamed(root, text, series.second) ?? []).filter(
    (leaf) => isWithin(leaf, scope) || (className !== undefined && isInFormerMethodOf(className, leaf)),
  );
  const edits = new Map<number, TextEdit>();
  for (const leaf of leaves) {
    const pair = pairAt(leaf, series);
    if (pair === undefined) continue;
    const [previous, node] = pair;
    const gap = text.slice(previous.endIndex, node.startIndex);
    const third = withWords(node.text, series.second, series.third);
    const isThere = squeezed(text.slice(node.endIndex, node.endIndex + gap.length + third.length + 40)).startsWith(
      squeezed(gap + third),
    );
    if (!isThere) edits.set(node.endIndex, [node.endIndex, node.endIndex, gap + third]);
  }
  return [...edits.values()];
}

/** A method outside of its class may still have the class's old name, of which the new one is longer. */
function isInFormerMethodOf(className: string, leaf: Node): boolean {
  const former = className.replace(/[34][dD]?$/, '');
  return [className, former, `${former}2`, `${former}2D`, `${former}3`, `${former}3D`].some((name) =>
    isInMethodOf(name, leaf),
  );
}

/** Returns the neighbours around a leaf that differ as the first two of a series: the largest ones. */
function pairAt(leaf: Node, { first, second }: Series): readonly [Node, Node] | undefined {
  let found: readonly [Node, Node] | undefined;
  for (let node: Node | null = leaf; node !== null; node = node.parent) {
    if (node.endIndex - node.startIndex > MAX_NODE_UNITS) break;
    const previous = node.previousNamedSibling;
    if (previous && withWords(previous.text, first, second) === node.text && previous.text !== node.text)
      found = [previous, node];
  }
  return found;
}

function withWords(text: string, from: string, to: string): string {
  return tokensOf(text)
    .map((token) => (token === from ? to : token))
    .join('');
}

function hasWord(text: string, word: string): boolean {
  return tokensOf(text).includes(word);
}

function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, '');
}
