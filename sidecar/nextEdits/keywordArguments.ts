import type { Node } from '../syntax/treeSitter.ts';
import { callsOf, functionAt } from './functions.ts';
import type { RenamedName } from './renamedNames.ts';
import type { ScopeRules } from './scopes.ts';
import type { SuggestContext, SourceDocument } from './suggester.ts';
import { usesOf } from './uses.ts';
import { usesInOtherDocuments } from './usesElsewhere.ts';

interface KeywordsOfDocument {
  readonly uri: string;
  readonly leaves: readonly Node[];
}

/**
 * A parameter was renamed: returns the names of the arguments that calls pass to it by its old name. The calls are
 * those of the function, in its file and in others.
 */
export async function keywordsOfParameter(
  context: SuggestContext,
  renamed: RenamedName,
  { root, rules }: { readonly root: Node; readonly rules: ScopeRules },
): Promise<readonly KeywordsOfDocument[]> {
  const { document, before } = renamed;
  const edited = functionAt(root, renamed, rules);
  if (edited === undefined) return [];
  const { declaration } = edited;
  const name = declaration.leaf.text;
  const own = usesOf({ root, text: document.text, rules, declaration, name });
  if (own === undefined) return [];
  const elsewhere = await usesInOtherDocuments(context, { document, declaration, name });
  return [{ uri: document.uri, leaves: own }, ...elsewhere]
    .map(({ uri, leaves }) => ({ uri, leaves: callsOf(leaves).flatMap(({ list }) => keywordOf(list, before)) }))
    .filter(({ leaves }) => leaves.length > 0);
}

/** Whether calls of a language pass arguments by name. */
export function hasKeywords({ languageId }: SourceDocument): boolean {
  return languageId === 'python';
}

function keywordOf(list: Node, name: string): Node[] {
  return list.namedChildren.flatMap((argument) => {
    const keyword = argument?.type === 'keyword_argument' ? argument.childForFieldName('name') : null;
    return keyword?.text === name ? [keyword] : [];
  });
}
