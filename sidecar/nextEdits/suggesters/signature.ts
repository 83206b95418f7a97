import type { Node } from '../../syntax/treeSitter.ts';
import { type Call, callsOf, type EditedFunction, functionAt } from '../functions.ts';
import { textBefore } from '../editJournal.ts';
import { type Declaration, declarationOf, isWithin, leavesNamed, scopeRulesOf } from '../declarations.ts';
import { changeOfList, type ListChange, removalOf, splitList } from '../parameterLists.ts';
import type { ScopeRules } from '../scopes.ts';
import type { SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { usesOf } from '../uses.ts';
import { usesInOtherDocuments } from '../usesElsewhere.ts';
import { suggestCounterpart } from './counterpart.ts';
import { suggestEnumCases } from './enumCases.ts';
import { implementationEdits } from './implementations.ts';

const CONFIDENCE = 0.9;
/** Of an argument whose value no name in sight tells. */
const UNKNOWN_ARGUMENT_CONFIDENCE = 0.6;
const MAX_EDITS = 8;

/**
 * A function's parameters changed: suggests the same change of its calls, and of the methods that implement it. In C++
 * also its other half. An enum got a case: suggests its other cases.
 */
export async function suggestSignature(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [...(await suggestCounterpart(context)), ...(await suggestEnumCases(context))];
  const seen = new Set<string>();
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const root = document && (await context.root(document));
    const rules = document && scopeRulesOf(document.languageId);
    const edited = root && rules && functionAt(root, edit, rules);
    if (
      document === undefined ||
      root === undefined ||
      rules === undefined ||
      edited === undefined ||
      seen.has(`${edit.uri} ${edited.list.startIndex}`)
    )
      continue;
    seen.add(`${edit.uri} ${edited.list.startIndex}`);
    const lists = listsOf(context, document, edited);
    const change = changeOfList(lists.before, lists.after, document.languageId === 'go');
    if (change === undefined) continue;
    suggestions.push(...(await callEdits(context, { document, root, rules, edited, change })));
    suggestions.push(...(await implementationEdits(context, { document, edited, change, ...lists })));
  }
  return suggestions;
}

/** Returns the parameters before the recent edits in their list, and after them. */
function listsOf(
  { edits }: SuggestContext,
  document: SourceDocument,
  { list }: EditedFunction,
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const inList = edits
    .filter(({ uri, start, end }) => uri === document.uri && start >= list.startIndex && end <= list.endIndex)
    .sort((one, other) => one.start - other.start);
  const before = textBefore(document.text, inList, { from: list.startIndex, to: list.endIndex });
  return { before: splitList(before), after: splitList(list.text) };
}

interface Edited {
  readonly document: SourceDocument;
  readonly root: Node;
  readonly rules: ScopeRules;
  readonly edited: EditedFunction;
  readonly change: ListChange;
}

async function callEdits(
  context: SuggestContext,
  { document, root, rules, edited, change }: Edited,
): Promise<Suggestion[]> {
  const { declaration } = edited;
  const name = declaration.leaf.text;
  const own = usesOf({ root, text: document.text, rules, declaration, name });
  if (own === undefined) return [];
  const elsewhere = await usesInOtherDocuments(context, { document, declaration, name });
  return [{ uri: document.uri, leaves: own }, ...elsewhere].flatMap(({ uri, leaves }) => {
    const changes = callsOf(leaves).flatMap((call) => changeOfCall(call, { change, declaration, rules }));
    if (changes.length === 0) return [];
    const confidence = changes.every(({ isKnown }) => isKnown) ? CONFIDENCE : UNKNOWN_ARGUMENT_CONFIDENCE;
    return [{ uri, kind: 'signature' as const, confidence, edits: changes.map(({ edit }) => edit) }];
  });
}

interface CallChange {
  readonly edit: TextEdit;
  /** Whether the argument is certain. */
  readonly isKnown: boolean;
}

interface Change {
  readonly change: ListChange;
  readonly declaration: Declaration;
  readonly rules: ScopeRules;
}

function changeOfCall({ leaf, list }: Call, { change, declaration, rules }: Change): CallChange[] {
  const args = list.namedChildren.flatMap((child) => (child === null || /comment/.test(child.type) ? [] : [child]));
  if (args.some(({ type }) => /spread|splat|variadic/.test(type))) return [];
  if (change.kind === 'removed') {
    const edit = removedArgument(args, change);
    return edit === undefined ? [] : [{ edit, isKnown: true }];
  }
  if (args.length !== change.count || args.some(({ type }) => type === 'keyword_argument')) return [];
  const [next, last] = [args[change.index], args.at(-1)];
  const at = next?.startIndex ?? last?.endIndex ?? list.startIndex + 1;
  const text = next ? `${change.name}, ` : last ? `, ${change.name}` : change.name;
  return [{ edit: [at, at, text], isKnown: isInSight(change.name, leaf, { change, declaration, rules }) }];
}

function removedArgument(args: readonly Node[], { name, index, count }: ListChange): TextEdit | undefined {
  const named = args.findIndex(
    (arg) => arg.type === 'keyword_argument' && arg.childForFieldName('name')?.text === name,
  );
  if (named >= 0) return removalOf(args, named);
  const arg = args[index];
  return arg === undefined || args.length > count || arg.type === 'keyword_argument'
    ? undefined
    : removalOf(args, index);
}

/** Whether a variable of the parameter's name is declared where the call stands. */
function isInSight(name: string, leaf: Node, { rules }: Change): boolean {
  const root = leaf.tree.rootNode;
  return (leavesNamed(root, root.text, name) ?? []).some((each) => {
    const declared = declarationOf(each, rules);
    const isBefore = declared !== undefined && !declared.isMember && each.startIndex < leaf.startIndex;
    return isBefore && isWithin(leaf, declared.scope);
  });
}
