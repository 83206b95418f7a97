import type { Node } from '../../syntax/treeSitter.ts';
import { type Declaration, declarationOf, leavesNamed, scopeRulesOf } from '../declarations.ts';
import type { EditedFunction } from '../functions.ts';
import { type ListChange, nameOfParameter, parametersOf, removalOf, splitList } from '../parameterLists.ts';
import type { SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { placesOfWord } from '../words.ts';

const CONFIDENCE = 0.85;
const MAX_DOCUMENTS = 16;
const MAX_HEADER_UNITS = 400;

/** A method whose list of parameters changed. */
export interface ChangedMethod {
  readonly document: SourceDocument;
  readonly edited: EditedFunction;
  readonly change: ListChange;
  /** The parameters before the change, and after it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * The parameters of an interface's or class's method changed: suggests the same for the methods that implement or
 * override it, and for the one that it implements. They must have had the same parameters.
 */
export async function implementationEdits(context: SuggestContext, changed: ChangedMethod): Promise<Suggestion[]> {
  const { document, edited } = changed;
  const { declaration } = edited;
  if (!declaration.isMember || declaration.container === undefined) return [];
  const suggestions: Suggestion[] = [];
  for (const other of context.documentsNaming(declaration.leaf.text).slice(0, MAX_DOCUMENTS)) {
    const rules = other.languageId === document.languageId ? scopeRulesOf(other.languageId) : undefined;
    const root = rules && (await context.root(other));
    if (rules === undefined || root === undefined) continue;
    const edits = (leavesNamed(root, other.text, declaration.leaf.text) ?? []).flatMap((leaf) => {
      const method = declarationOf(leaf, rules);
      return method && isRelative(method, declaration) ? editOf(method, changed) : [];
    });
    if (edits.length > 0) suggestions.push({ uri: other.uri, kind: 'signature', confidence: CONFIDENCE, edits });
  }
  return suggestions;
}

/** Whether the class of one method names the class of the other in its head. */
function isRelative(method: Declaration, declaration: Declaration): boolean {
  const { isMember, container } = method;
  if (!isMember || container === undefined || container === declaration.container) return false;
  return names(headerOf(method.scope), declaration.container ?? '') || names(headerOf(declaration.scope), container);
}

function names(header: string, name: string): boolean {
  return placesOfWord(header, name, 1).length > 0;
}

function headerOf(scope: Node): string {
  const body = scope.childForFieldName('body');
  const length = body === null ? 0 : body.startIndex - scope.startIndex;
  return scope.text.slice(0, Math.min(length, MAX_HEADER_UNITS));
}

function editOf({ owner }: Declaration, { change, before, after, document }: ChangedMethod): TextEdit[] {
  const list = owner.childForFieldName('parameters');
  if (list === null) return [];
  const isNameFirst = document.languageId === 'go';
  const namesOf = (items: readonly string[]): string =>
    JSON.stringify(items.map((item) => nameOfParameter(item, isNameFirst)));
  const nodes = parametersOf(list);
  if (namesOf(splitList(list.text)) !== namesOf(before) || nodes.length !== before.length) return [];
  if (change.kind === 'removed') return [removalOf(nodes, change.index)];
  const item = after[change.index];
  const next = nodes[change.index];
  if (item === undefined) return [];
  if (next !== undefined) return [[next.startIndex, next.startIndex, `${item}, `]];
  const at = list.namedChildren.at(-1)?.endIndex ?? list.startIndex + 1;
  return [[at, at, list.namedChildren.length > 0 ? `, ${item}` : item]];
}
