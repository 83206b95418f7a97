import { isWithin, leavesNamed } from '../declarations.ts';
import type { Node } from '../../syntax/treeSitter.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { firstWordIn, tokensOf } from '../words.ts';

const CONFIDENCE = 0.85;
const MAX_EDITS = 4;
const MAX_DOCUMENTS = 16;
const MAX_NODE_UNITS = 400;
/** The lists of an enum's cases in the grammars. */
const BODY = /^enum.*(?:body|list)$/;

/** An enum got a case behind two others. */
interface NewCase {
  readonly document: SourceDocument;
  readonly body: Node;
  readonly enumName: string;
  readonly earlier: string;
  readonly previous: string;
  readonly added: string;
}

/**
 * An enum got a case: suggests the same in switches and tables where the two cases before it differ by their names
 * alone. Other switches need code that no rule tells.
 */
export async function suggestEnumCases(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const root = document && (await context.root(document));
    const found = document && root && newCaseAt(root, document, edit);
    if (found === undefined) continue;
    for (const other of context.documentsNaming(found.previous).slice(0, MAX_DOCUMENTS)) {
      if (other.languageId !== found.document.languageId) continue;
      const otherRoot = await context.root(other);
      const edits = otherRoot === undefined ? [] : missingCases(otherRoot, other, found);
      if (edits.length > 0) suggestions.push({ uri: other.uri, kind: 'signature', confidence: CONFIDENCE, edits });
    }
  }
  return suggestions;
}

function newCaseAt(root: Node, document: SourceDocument, edit: RecentEdit): NewCase | undefined {
  if (edit.removed.trim() !== '') return undefined;
  let node = root.descendantForIndex(firstWordIn(document.text, edit));
  while (node?.parent && !BODY.test(node.parent.type)) node = node.parent;
  const body = node?.parent;
  if (!node || !body || node.startIndex < edit.start || node.endIndex > edit.end) return undefined;
  const previous = caseBefore(node);
  const earlier = previous && caseBefore(previous);
  const enumName = body.parent?.childForFieldName('name')?.text;
  if (enumName === undefined || !previous || !earlier) return undefined;
  const [added, before, first] = [node, previous, earlier].map(nameOf) as [string, string, string];
  return { document, body, enumName, earlier: first, previous: before, added };
}

function caseBefore(node: Node): Node | undefined {
  let before = node.previousNamedSibling;
  while (before && /comment|attribute/.test(before.type)) before = before.previousNamedSibling;
  return before ?? undefined;
}

function nameOf(node: Node): string {
  return (node.childForFieldName('name') ?? node).text.split(/[^\p{L}\p{N}_]/u, 1)[0] ?? '';
}

/** Returns insertions of the new case behind each pair of the cases before it. */
function missingCases(root: Node, { uri, text }: SourceDocument, added: NewCase): TextEdit[] {
  const edits = new Map<number, TextEdit>();
  for (const leaf of leavesNamed(root, text, added.previous) ?? []) {
    if (uri === added.document.uri && isWithin(leaf, added.body)) continue;
    if (!isCaseOf(leaf, text, added.enumName)) continue;
    const found = nextOf(leaf, added);
    if (found === undefined) continue;
    const { previous, node, third } = found;
    const gap = text.slice(previous.endIndex, node.startIndex);
    edits.set(node.endIndex, [node.endIndex, node.endIndex, gap + third]);
  }
  return [...edits.values()];
}

/** Whether a name is a case of the enum: behind the enum's name, or in a case of a switch where it stands alone. */
function isCaseOf(leaf: Node, text: string, enumName: string): boolean {
  const before = text.slice(Math.max(0, leaf.startIndex - enumName.length - 2), leaf.startIndex);
  return (
    before.endsWith(`${enumName}.`) ||
    before === `${enumName}::` ||
    /\bcase\s*$/.test(text.slice(0, leaf.startIndex).slice(-8))
  );
}

interface NextNode {
  readonly previous: Node;
  readonly node: Node;
  /** The text that follows from the two. */
  readonly third: string;
}

/** Returns the neighbours around a leaf that differ by the names of the two cases alone: the largest ones. */
function nextOf(leaf: Node, added: NewCase): NextNode | undefined {
  let found: NextNode | undefined;
  for (let node: Node | null = leaf; node !== null; node = node.parent) {
    if (node.endIndex - node.startIndex > MAX_NODE_UNITS) break;
    const previous = node.previousNamedSibling;
    const third = previous ? thirdOf(previous.text, node.text, added) : undefined;
    if (previous && third !== undefined) found = { previous, node, third };
  }
  const forms = formsOf(added.added);
  const isThere = tokensOf(found?.node.parent?.text ?? '').some((token) => forms.includes(token));
  return isThere ? undefined : found;
}

/**
 * Returns the text that follows two texts, if they differ by the names of two cases alone. The names must be there more
 * than once: a case that has its name once may have code that the next one does not share.
 */
function thirdOf(one: string, other: string, { earlier, previous, added }: NewCase): string | undefined {
  const [first, second] = [tokensOf(one), tokensOf(other)];
  if (first.length !== second.length) return undefined;
  const [from, to, next] = [formsOf(earlier), formsOf(previous), formsOf(added)];
  let names = 0;
  const third = second.map((token, index) => {
    if (token === first[index]) return token;
    names++;
    return next.find((_, form) => from[form] === first[index] && to[form] === token);
  });
  return names > 1 && !third.includes(undefined) ? third.join('') : undefined;
}

/** The forms of a name in code and in texts: `DarkRed`, `darkRed`, `dark_red`, `DARK_RED`, `darkred`. */
function formsOf(name: string): readonly string[] {
  const snake = name.replaceAll(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})/gu, '_').toLowerCase();
  const camel = snake.replaceAll(/_(.)/g, (_, unit: string) => unit.toUpperCase());
  const pascal = camel.slice(0, 1).toUpperCase() + camel.slice(1);
  return [name, pascal, camel, snake, snake.toUpperCase(), snake.replaceAll('_', '')];
}
