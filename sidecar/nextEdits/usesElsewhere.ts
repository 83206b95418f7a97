import type { Node } from '../syntax/treeSitter.ts';
import { type Declaration, declarationOf, leavesNamed, scopeRulesOf, useOf } from './declarations.ts';
import { isAccessTo } from './receivers.ts';
import type { ScopeRules } from './scopes.ts';
import type { SourceDocument, SuggestContext } from './suggester.ts';
import { placesOfWord } from './words.ts';

/** The most other documents that are searched. */
const MAX_DOCUMENTS = 16;

export interface UsesOfDocument {
  readonly uri: string;
  readonly leaves: readonly Node[];
}

/**
 * Finds the uses of a declaration in the other documents of its language. A name at the top of a file is used where
 * another file imports it, or belongs to the same package. A member is used where the object's class is certain. Files
 * that declare the name themselves have no uses.
 */
export async function usesInOtherDocuments(
  context: SuggestContext,
  {
    document,
    declaration,
    name,
  }: { readonly document: SourceDocument; readonly declaration: Declaration; readonly name: string },
): Promise<readonly UsesOfDocument[]> {
  const isTop = declaration.scope.parent === null || /namespace/.test(declaration.scope.type);
  if (!isTop && !declaration.isMember) return [];
  const found: UsesOfDocument[] = [];
  const others = context
    .documentsNaming(name)
    .filter((other) => other.uri !== document.uri && isSameLanguage(other, document))
    .slice(0, MAX_DOCUMENTS);
  for (const other of others) {
    const rules = scopeRulesOf(other.languageId);
    const root = rules && (await context.root(other));
    if (root === undefined || rules === undefined) continue;
    const leaves = usesIn({ root, rules, other, document, declaration, name });
    if (leaves.length > 0) found.push({ uri: other.uri, leaves });
  }
  return found;
}

interface Search {
  readonly root: Node;
  readonly rules: ScopeRules;
  readonly other: SourceDocument;
  readonly document: SourceDocument;
  readonly declaration: Declaration;
  readonly name: string;
}

function usesIn({ root, rules, other, document, declaration, name }: Search): Node[] {
  const { text } = other;
  const leaves = leavesNamed(root, text, name) ?? [];
  const declared = leaves.flatMap((leaf) => declarationOf(leaf, rules) ?? []);
  if (declaration.isMember) {
    if (declaration.container === undefined) return [];
    const outside = declared.filter(({ container }) => container === declaration.container);
    if (declared.length > outside.length) return [];
    return leaves.filter(
      (leaf) =>
        outside.some((each) => each.leaf.id === leaf.id) ||
        (useOf(leaf, text) === 'member' && isAccessTo(declaration, leaf, { root, text, rules })),
    );
  }
  const imports = declared.filter(({ owner }) => /import|use_/.test(owner.type));
  if (declared.length > imports.length && !declared.every(({ owner }) => isForward(owner))) return [];
  const isImported = imports.some(({ owner }) => importsFrom(owner, document.path));
  if (!isImported && !sharesPackage(other, document)) return [];
  return leaves.filter((leaf) => imports.some((each) => each.leaf.id === leaf.id) || useOf(leaf, text) === 'plain');
}

/** Whether a file can have objects of a document's type: it names the type, imports the document, or is beside it. */
export function knowsType(
  other: SourceDocument,
  root: Node,
  { document, type }: { readonly document: SourceDocument; readonly type: string },
): boolean {
  if (other.uri === document.uri || sharesPackage(other, document) || placesOfWord(other.text, type, 1).length > 0)
    return true;
  return root.namedChildren.some(
    (child) => child !== null && /import/.test(child.type) && importsFrom(child, document.path),
  );
}

/** Whether an import statement names a file, by the last part of its path. */
function importsFrom(owner: Node, path: string): boolean {
  let statement: Node = owner;
  while (statement.parent !== null && statement.parent.parent !== null) statement = statement.parent;
  const stem = stemOf(path);
  const folder = path.split('/').at(-2);
  const source = statement.text;
  const names = source.split(/[^\p{L}\p{N}_-]+/u);
  return (
    names.includes(stem) ||
    (/^(?:index|mod|lib|main|__init__)$/.test(stem) && folder !== undefined && names.includes(folder))
  );
}

/** Whether a file sees the names of another without importing them: a package's files, and headers that it includes. */
function sharesPackage(other: SourceDocument, document: SourceDocument): boolean {
  switch (document.languageId) {
    case 'c':
    case 'cpp':
      return [other, document].some((each, index, both) =>
        new RegExp(`#\\s*include\\s*"[^"]*${escaped(nameOf((both[1 - index] as SourceDocument).path))}"`).test(
          each.text,
        ),
      );
    case 'go':
    case 'java':
      return folderOf(other.path) === folderOf(document.path);
    default:
      return false;
  }
}

function isForward(owner: Node): boolean {
  return owner.type === 'declaration';
}

export function isSameLanguage(one: SourceDocument, other: SourceDocument): boolean {
  return familyOf(one.languageId) === familyOf(other.languageId);
}

function familyOf(languageId: string): string {
  if (/^(typescript|javascript)(react)?$/.test(languageId)) return 'ecmaScript';
  return languageId === 'c' ? 'cpp' : languageId;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function stemOf(path: string): string {
  return nameOf(path).replace(/\.[^.]*$/, '');
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
