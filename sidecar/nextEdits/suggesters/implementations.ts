import { children } from '../../syntax/nodeTexts.ts';
import { type Declaration, declarationOf, leavesNamed, scopeRulesOf } from '../declarations.ts';
import { type ListChange, type Parameter, parametersIn, parametersOf } from '../parameterLists.ts';
import type { ChangedFunction } from '../signatures/changedFunctions.ts';
import { rebuiltList } from '../signatures/rebuiltList.ts';
import { areRelatives } from '../relatives.ts';
import type { SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { placesOfWord } from '../words.ts';

const CONFIDENCE = 0.85;
const MAX_DOCUMENTS = 16;

/**
 * The parameters of an interface's or class's method changed: suggests the same for the methods that implement or
 * override it, and for the one that it implements. They must have had the same parameters.
 */
export async function implementationEdits(
  context: SuggestContext,
  document: SourceDocument,
  { declaration, change }: ChangedFunction,
): Promise<Suggestion[]> {
  if (!declaration.isMember || declaration.container === undefined || isPrivate(declaration)) return [];
  const suggestions: Suggestion[] = [];
  for (const other of context.documentsNaming(declaration.leaf.text).slice(0, MAX_DOCUMENTS)) {
    const rules = other.languageId === document.languageId ? scopeRulesOf(other.languageId) : undefined;
    const root = rules && (await context.root(other));
    if (rules === undefined || root === undefined) continue;
    const edits = (leavesNamed(root, other.text, declaration.leaf.text) ?? []).flatMap((leaf) => {
      const method = declarationOf(leaf, rules);
      return method && areRelatives(method, declaration) ? editOf(method, other, change) : [];
    });
    if (edits.length > 0) suggestions.push({ uri: other.uri, kind: 'signature', confidence: CONFIDENCE, edits });
  }
  return suggestions;
}

/** Whether no other class can have the method. */
function isPrivate({ owner, leaf }: Declaration): boolean {
  return /\bprivate\b/.test(owner.text.slice(0, leaf.startIndex - owner.startIndex)) || leaf.text.startsWith('#');
}

/** Whether the class has a method with the new parameters already. */
function hasOther({ owner, leaf }: Declaration, { after }: ListChange, languageId: string): boolean {
  return children(owner.parent ?? owner).some((each) => {
    const list = each.childForFieldName('name')?.text === leaf.text ? each.childForFieldName('parameters') : null;
    return list && typesOf(parametersIn(list.text, languageId)) === typesOf(after);
  });
}

/** Whether a method's body uses a parameter that another method lost. */
function usesRemoved({ owner }: Declaration, { before, origins }: ListChange): boolean {
  const body = owner.childForFieldName('body')?.text ?? '';
  return before.some(({ name }, index) => !origins.includes(index) && placesOfWord(body, name, 1).length > 0);
}

function typesOf(parameters: readonly Parameter[]): string {
  return parameters.map(({ type, name }) => type ?? name).join();
}

function editOf(declared: Declaration, { text, languageId }: SourceDocument, change: ListChange): TextEdit[] {
  const list = declared.owner.childForFieldName('parameters');
  if (list === null) return [];
  if (hasOther(declared, change, languageId)) return [];
  const nodes = parametersOf(list);
  const own = parametersIn(list.text, languageId);
  const hasSame = own.map(({ name }) => name).join() === change.before.map(({ name }) => name).join();
  if (!hasSame || nodes.length !== own.length || usesRemoved(declared, change)) return [];
  const all = children(list);
  const self = all.filter(({ id }) => !nodes.some((node) => node.id === id)).map((node) => ({ node, text: node.text }));
  const items = change.after.map((parameter, place) => {
    const node = nodes[change.origins[place] ?? -1];
    return node ? { node, text: node.text } : { text: parameter.text };
  });
  const edit = rebuiltList(text, { list, nodes: all, items: [...self, ...items] });
  return edit ? [edit] : [];
}
