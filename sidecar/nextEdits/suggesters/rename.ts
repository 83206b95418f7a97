import type { Node } from '../../syntax/treeSitter.ts';
import { type Declaration, declarationOf, leavesNamed, nameLeafAt, scopeRulesOf } from '../declarations.ts';
import { exportOf } from '../exports.ts';
import { hasKeywords, keywordsOfParameter } from '../keywordArguments.ts';
import { renamedIn, type RenamedName } from '../renamedNames.ts';
import type { ScopeRules } from '../scopes.ts';
import type { SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { isBeside, isSameThing, usesOf } from '../uses.ts';
import { usesInOtherDocuments } from '../usesElsewhere.ts';

const CONFIDENCE = 0.95;
const ELSEWHERE_CONFIDENCE = 0.9;
const MAX_EDITS = 100;

/** A declaration was renamed by typing: suggests the other uses of its old name, by scope in the syntax tree. */
export async function suggestRename(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  const seen = new Set<string>();
  for (const renamed of renamedIn(context)) {
    const { document, before } = renamed;
    if (seen.has(`${document.uri} ${before}`)) continue;
    const root = await context.root(document);
    const rules = scopeRulesOf(document.languageId);
    const leaf = root && nameLeafAt(root, renamed.start, renamed.end);
    const declaration = leaf && rules && declarationOf(leaf, rules);
    if (root === undefined || rules === undefined || declaration === undefined) continue;
    seen.add(`${document.uri} ${before}`);
    if (isTaken(root, rules, { declaration, renamed }) || isOtherImport(context, declaration, renamed)) continue;
    const uses = usesOf({ root, rules, text: document.text, declaration, name: before });
    if (uses === undefined || uses.length > MAX_EDITS) continue;
    const elsewhere = [
      ...(hasKeywords(document) ? await keywordsOfParameter(context, renamed, { root, rules }) : []),
      ...(isHidden(renamed) ? [] : await usesInOtherDocuments(context, { document, declaration, name: before })),
    ];
    for (const { uri, leaves, confidence } of [
      { uri: document.uri, leaves: uses, confidence: CONFIDENCE },
      ...elsewhere.map((each) => ({ ...each, confidence: ELSEWHERE_CONFIDENCE })),
    ]) {
      const edits = leaves.slice(0, MAX_EDITS).map((use) => replacement(use, renamed));
      if (edits.length > 0) suggestions.push({ uri, kind: 'rename', confidence, edits });
    }
  }
  return suggestions;
}

/** Whether a name got the mark of private ones. Other files then stop using it, or use a public one instead. */
function isHidden({ before, after }: RenamedName): boolean {
  return /^_/.test(after) && !/^_/.test(before);
}

/** Replaces a use. A property in short form keeps its name: `{ before: after }`. */
function replacement(leaf: Node, { after, losesTypes }: RenamedName): TextEdit {
  const isShort = leaf.type === 'shorthand_property_identifier' || leaf.parent?.type === 'shorthand_field_initializer';
  const types = losesTypes && leaf.nextNamedSibling?.type === 'type_arguments' ? leaf.nextNamedSibling : leaf;
  return [leaf.startIndex, types.endIndex, isShort ? `${leaf.text}: ${after}` : after];
}

/**
 * Whether an import names another thing now, and not the same by a new name. That is so if its file exports both names,
 * or is unknown and the names have no word in common.
 */
function isOtherImport({ documentsNaming }: SuggestContext, { owner }: Declaration, renamed: RenamedName): boolean {
  if (!/import|use_/.test(owner.type)) return false;
  const { before, after, document } = renamed;
  const exporting = (name: string): boolean =>
    documentsNaming(name).some(
      (other) => other.uri !== document.uri && exportOf(other, name, document.languageId) !== undefined,
    );
  if (exporting(before)) return true;
  const words = (name: string): string[] =>
    name.match(/[A-Z]?[a-z0-9]+|[A-Z]+/g)?.map((word) => word.toLowerCase()) ?? [];
  return !exporting(after) && !words(before).some((word) => words(after).includes(word));
}

/** Whether the new name already stands for something else where the declaration is visible. */
function isTaken(
  root: Node,
  rules: ScopeRules,
  { declaration, renamed }: { readonly declaration: Declaration; readonly renamed: RenamedName },
): boolean {
  const leaves = leavesNamed(root, renamed.document.text, renamed.after) ?? [];
  return leaves.some((leaf) => {
    const other = leaf.id === declaration.leaf.id ? undefined : declarationOf(leaf, rules);
    return other !== undefined && isBeside(other, declaration) && !isSameThing(other, declaration, rules);
  });
}
