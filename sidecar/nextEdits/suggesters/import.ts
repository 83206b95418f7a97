import type { Node } from '../../syntax/treeSitter.ts';
import { declarationOf, leavesNamed, scopeRulesOf, useOf } from '../declarations.ts';
import { type Export, exportOf, importedFrom, importLine } from '../exports.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion } from '../suggester.ts';
import { isName, tokensOf, wholeWords } from '../words.ts';

const CONFIDENCE = 0.9;
const MAX_EDITS = 4;
const MAX_NAMES = 8;
const MIN_NAME_UNITS = 3;

/** A name was typed that the file does not know, and one file of the workspace exports: suggests its import. */
export async function suggestImport(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  const seen = new Set<string>();
  for (const edit of context.edits.slice(0, MAX_EDITS)) {
    const document = context.document(edit.uri);
    if (document === undefined) continue;
    for (const name of namesIn(edit, document)) {
      if (seen.has(`${edit.uri} ${name}`)) continue;
      seen.add(`${edit.uri} ${name}`);
      const root = await context.root(document);
      if (root === undefined || !isUnknown(root, document, name)) continue;
      const exports = exportsOf(context, document, name);
      const line = exports.length === 1 && exports[0] ? importLine(document, exports[0], root) : undefined;
      if (line !== undefined)
        suggestions.push({ uri: document.uri, kind: 'import', confidence: CONFIDENCE, edits: [line] });
    }
  }
  return suggestions;
}

/** Returns the names in an edit's text. */
function namesIn(edit: RecentEdit, { text }: SourceDocument): string[] {
  const { start, end } = wholeWords(text, edit);
  if (edit.inserted.trim() === '') return [];
  const names = tokensOf(text.slice(start, end)).filter((token) => isName(token) && token.length >= MIN_NAME_UNITS);
  return [...new Set(names)].slice(0, MAX_NAMES);
}

/** Whether a name is used as code, and nothing in the file declares it. */
function isUnknown(root: Node, { text, languageId }: SourceDocument, name: string): boolean {
  const rules = scopeRulesOf(languageId);
  const leaves = leavesNamed(root, text, name);
  if (rules === undefined || leaves === undefined) return false;
  if (leaves.some((leaf) => declarationOf(leaf, rules) !== undefined)) return false;
  return leaves.some((leaf) => useOf(leaf, text) === 'plain' && !/import/.test(leaf.parent?.type ?? ''));
}

function exportsOf({ documentsNaming }: SuggestContext, document: SourceDocument, name: string): Export[] {
  const others = documentsNaming(name).filter(({ uri }) => uri !== document.uri);
  const found = others.flatMap((other) => exportOf(other, name, document.languageId) ?? []);
  const from = importedFrom(others, name);
  const [only] = found;
  // The others may import the name from a file that passes it on.
  if (only === undefined || found.length > 1 || from === undefined) return found;
  return [{ ...only, document: { ...only.document, path: withEndingOf(from, only.document.path) } }];
}

function withEndingOf(path: string, other: string): string {
  return /\.[cm]?[jt]sx?$/.test(path) ? path : `${path}${/\.[^./]+$/.exec(other)?.[0] ?? ''}`;
}
