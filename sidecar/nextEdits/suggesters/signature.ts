import type { Node } from '../../syntax/treeSitter.ts';
import { type Call, callsOf } from '../functions.ts';
import { hasKeywords } from '../keywordArguments.ts';
import { scopeRulesOf } from '../declarations.ts';
import type { ScopeRules } from '../scopes.ts';
import { argumentValue, variableNamed } from '../signatures/argumentValue.ts';
import { changedArguments } from '../signatures/changedArguments.ts';
import { type ChangedFunction, changedFunctions } from '../signatures/changedFunctions.ts';
import { isOverloaded } from '../signatures/overloads.ts';
import { rebuiltList } from '../signatures/rebuiltList.ts';
import { usesOfSoleMember } from '../soleMembers.ts';
import type { SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { usesOf } from '../uses.ts';
import { usesInOtherDocuments } from '../usesElsewhere.ts';
import { suggestCounterpart } from './counterpart.ts';
import { suggestEnumCases } from './enumCases.ts';
import { suggestFields } from './fields.ts';
import { implementationEdits } from './implementations.ts';
import { suggestRemovedCases } from './removedCases.ts';

const CONFIDENCE = 0.9;
/** Of an argument whose value no name in sight tells. */
const UNKNOWN_ARGUMENT_CONFIDENCE = 0.6;
const MAX_EDITS = 8;

/**
 * A function's parameters changed: suggests the same change of its calls, and of the methods that implement it. In C++
 * also its other half. An enum got or lost a case, or a type a field: suggests the same elsewhere.
 */
export async function suggestSignature(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  for (const suggest of [suggestCounterpart, suggestEnumCases, suggestRemovedCases, suggestFields])
    suggestions.push(...(await suggest(context)));
  const seen = new Set<string>();
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    const root = document && (await context.root(document));
    const rules = document && scopeRulesOf(document.languageId);
    if (document === undefined || root === undefined || rules === undefined) continue;
    for (const changed of changedFunctions(root, edit, { document, rules, edits: context.edits })) {
      const key = `${edit.uri} ${changed.list.startIndex}`;
      if (seen.has(key)) continue;
      seen.add(key);
      suggestions.push(...(await callEdits(context, { document, root, rules, changed })));
      suggestions.push(...(await implementationEdits(context, document, changed)));
    }
  }
  return suggestions;
}

interface Changed {
  readonly document: SourceDocument;
  readonly root: Node;
  readonly rules: ScopeRules;
  readonly changed: ChangedFunction;
}

async function callEdits(context: SuggestContext, { document, root, rules, changed }: Changed): Promise<Suggestion[]> {
  const { declaration } = changed;
  const name = declaration.leaf.text;
  const own = usesOf({ root, text: document.text, rules, declaration, name });
  if (own === undefined || isOverloaded(changed)) return [];
  const elsewhere = await usesInOtherDocuments(context, { document, declaration, name });
  const sole = await usesOfSoleMember(context, { document, declaration, name });
  const leaves = new Map<string, Map<number, Node>>();
  for (const uses of [{ uri: document.uri, leaves: own }, ...elsewhere, ...sole]) {
    const known = leaves.get(uses.uri) ?? new Map<number, Node>();
    for (const leaf of uses.leaves) known.set(leaf.startIndex, leaf);
    leaves.set(uses.uri, known);
  }
  return [...leaves].flatMap(([uri, found]) => {
    const other = context.document(uri);
    const otherRules = other && scopeRulesOf(other.languageId);
    if (other === undefined || otherRules === undefined) return [];
    const calls = callsOf([...found.values()]);
    const changes = calls.flatMap((call) => changeOfCall(call, { document: other, rules: otherRules, changed }));
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

function changeOfCall({ leaf, list }: Call, { document, rules, changed }: Omit<Changed, 'root'>): CallChange[] {
  const found = changedArguments(list, changed.change, {
    valueOf: (parameter) => argumentValue(parameter, { document, rules, leaf }),
    guessOf: ({ name }) => variableNamed(name, document),
    hasNames: hasKeywords(document),
  });
  const edit = found && rebuiltList(document.text, { list, ...found });
  return edit ? [{ edit, isKnown: found.isKnown }] : [];
}
