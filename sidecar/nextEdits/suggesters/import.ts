import type { Node } from '../../syntax/treeSitter.ts';
import { declarationOf, isWithin, leavesNamed, scopeRulesOf, useOf } from '../declarations.ts';
import { isTestFile } from '../imports/modulePaths.ts';
import { goImports } from '../imports/importsOfName.ts';
import { importEdits } from '../imports/importEdits.ts';
import { type ImportSource, importSourceOf } from '../imports/importSource.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion } from '../suggester.ts';
import { isName, placesOfWord, tokensOf, wholeWords, wordsOfName } from '../words.ts';

const CONFIDENCE = 0.9;
/** Of a name that the user may still declare. */
const UNSURE_CONFIDENCE = 0.6;
const MAX_EDITS = 4;
/** The most names of an edit that are looked at, and the most of them that are imported. */
const MAX_NAMES = 64;
const MAX_IMPORTED = 16;
const MIN_NAME_UNITS = 2;
/** With more files that import it from there, a name of one word is sure. */
const SURE_VOTES = 2;

/**
 * Names were typed that the file does not know: suggests their imports, from where other files import them, or from the
 * only file that exports them.
 */
export async function suggestImport(context: SuggestContext): Promise<readonly Suggestion[]> {
  const suggestions: Suggestion[] = [];
  const edited = new Set(context.edits.slice(0, MAX_EDITS).map(({ uri }) => uri));
  for (const uri of edited) {
    const document = context.document(uri);
    const root = document && (await context.root(document));
    if (document === undefined || root === undefined || importsAll(document)) continue;
    const sources: (ImportSource & { readonly isSure: boolean })[] = [];
    for (const { name, leaves } of unknownNames(context, document, root)) {
      const others = context.documentsNaming(name).filter((other) => other.uri !== uri);
      const source = importSourceOf(document, name, others);
      if (source === undefined) continue;
      const isType =
        source.isType || (!hasDecorators(document) && leaves.every(({ type }) => type === 'type_identifier'));
      sources.push({ ...source, isType, isSure: isSure(document, source) });
    }
    for (const [list, confidence] of [
      [sources.filter((source) => source.isSure), CONFIDENCE],
      [sources.filter((source) => !source.isSure), UNSURE_CONFIDENCE],
    ] as const) {
      const edits = importEdits({ document, root }, list);
      if (edits.length > 0) suggestions.push({ uri, kind: 'import', confidence, edits });
    }
  }
  return suggestions;
}

/** Decorators may read the types of parameters when the code runs. */
function hasDecorators({ text }: SourceDocument): boolean {
  return /^[ \t]*@\w/m.test(text);
}

/** Whether a file imports all names of others, so that it may know any name. */
function importsAll({ text, languageId }: SourceDocument): boolean {
  return languageId === 'python' && /^from\s+\S+\s+import\s+\*/m.test(text);
}

/**
 * Whether the user hardly means a name that is still to be declared. That is a name that other files declare more often
 * than they import it. Names of distant files, and of defaults, are such if at most one file imports them: two files
 * may have a function `unitsOf` or a type `Result`. A name of one word needs three files, or a nearer one.
 */
function isSure({ path }: SourceDocument, source: ImportSource): boolean {
  const { name, form, votes, declared, shared, path: from } = source;
  if (declared > votes) return false;
  if (from === undefined) return votes > 1 || form !== 'default' || /^\p{Lu}/u.test(name);
  if (votes > 1) return votes > SURE_VOTES || !isOneWord(name) || !isFar(path, from, shared);
  // Tests stand far from the code that they import.
  const isTestOfType = isTestFile(path) && /^\p{Lu}/u.test(name);
  if (shared === 0 && path.includes('/') && !isTestOfType) return false;
  if (isOneWord(name) && isFar(path, from, shared)) return false;
  return /^\p{Lu}/u.test(name) || form !== 'default';
}

function isOneWord(name: string): boolean {
  return wordsOfName(name).length < 2;
}

/** Whether files share less than half of their folders. */
function isFar(one: string, other: string, shared: number): boolean {
  return 2 * shared < Math.max(...[one, other].map((path) => path.split('/').length - 1));
}

interface UnknownName {
  readonly name: string;
  readonly leaves: readonly Node[];
}

/** Returns the names that recent edits brought, and that nothing in the file declares. */
function unknownNames(context: SuggestContext, document: SourceDocument, root: Node): UnknownName[] {
  const edits = context.edits.filter(({ uri }) => uri === document.uri);
  const names = new Set<string>();
  for (const edit of edits.slice(0, MAX_EDITS)) for (const name of namesIn(edit, document)) names.add(name);
  const unknown: UnknownName[] = [];
  for (const name of [...names].slice(0, MAX_NAMES)) {
    const leaves = unknownLeaves(root, document, name);
    if (leaves.length === 0 || unknown.length >= MAX_IMPORTED) continue;
    // A name that the file used before is known to it in some way.
    if (leaves.every((leaf) => edits.some((edit) => isBroughtBy(edit, leaf, document)))) unknown.push({ name, leaves });
  }
  return unknown;
}

function isBroughtBy(edit: RecentEdit, leaf: Node, { text }: SourceDocument): boolean {
  const { start, end } = wholeWords(text, edit);
  return isWithin(leaf, { startIndex: start, endIndex: end }) && placesOfWord(edit.removed, leaf.text, 1).length === 0;
}

/** Returns the names in an edit's text. */
function namesIn(edit: RecentEdit, { text }: SourceDocument): string[] {
  const { start, end } = wholeWords(text, edit);
  if (edit.inserted.trim() === '') return [];
  return tokensOf(text.slice(start, end)).filter((token) => isName(token) && token.length >= MIN_NAME_UNITS);
}

/** Returns the uses of a name as code; none if something in the file declares it. */
function unknownLeaves(root: Node, { text, languageId }: SourceDocument, name: string): Node[] {
  const rules = scopeRulesOf(languageId);
  const leaves = leavesNamed(root, text, name);
  if (rules === undefined || leaves === undefined) return [];
  if (leaves.some((leaf) => declarationOf(leaf, rules) !== undefined)) return [];
  if (languageId === 'go' && goImports(text).some((each) => each.name === name)) return [];
  return leaves.filter(
    (leaf) => useOf(leaf, text) === 'plain' && !isInImport(leaf) && (languageId !== 'go' || isPackageName(leaf)),
  );
}

/** Whether a leaf lies in a statement that imports names or passes them on. */
function isInImport(leaf: Node): boolean {
  for (let node = leaf.parent; node !== null; node = node.parent)
    if (/import|export_(?:clause|specifier)|package_/.test(node.type)) return true;
  return false;
}

/** Whether a name of Go stands where only a package or a variable does. */
function isPackageName({ parent, id }: Node): boolean {
  const field = { selector_expression: 'operand', qualified_type: 'package' }[parent?.type ?? ''];
  return field !== undefined && parent?.childForFieldName(field)?.id === id;
}
