import type { Node } from '../syntax/treeSitter.ts';
import { type Declaration, declarationOf, leavesNamed, scopeRulesOf, useOf } from './declarations.ts';
import type { ScopeRules } from './scopes.ts';
import type { SourceDocument, SuggestContext } from './suggester.ts';
import { areRelatives } from './relatives.ts';
import { isSameLanguage, knowsType, type UsesOfDocument } from './usesElsewhere.ts';
import { wordsOfName } from './words.ts';

/** If more files have the name, some may declare it unseen. */
const MAX_DOCUMENTS = 15;
/** The object of a member access: the name before the last dot, and the first of the chain. */
const CHAIN =
  /(?<![\p{L}\p{N}_])(?:([\p{L}_][\p{L}\p{N}_]*)[^\s;,=()[\]{}]{0,120}?)??([\p{L}_][\p{L}\p{N}_]*)[!?]?(?:\.|->)\s*$/u;

const ACCESS = /[\p{L}\p{N}_][!?]?(?:\.|->)\s*$/u;

interface SearchedMember {
  readonly document: SourceDocument;
  readonly declaration: Declaration;
  readonly name: string;
}

/**
 * Returns the accesses to a member behind any object, if nothing else in the workspace has a member of its name. A file
 * must know the class. The object must be named like the class, or the member's name must have two words: libraries
 * have members with short names.
 */
export async function usesOfSoleMember(context: SuggestContext, searched: SearchedMember): Promise<UsesOfDocument[]> {
  const { document, declaration, name } = searched;
  if (!declaration.isMember || declaration.container === undefined) return [];
  const others = context.documentsNaming(name).filter((other) => isSameLanguage(other, document));
  if (others.length > MAX_DOCUMENTS) return [];
  const found: UsesOfDocument[] = [];
  for (const other of others) {
    const rules = scopeRulesOf(other.languageId);
    const root = rules && (await context.root(other));
    const leaves = root && leavesNamed(root, other.text, name);
    if (rules === undefined || root === undefined || leaves === undefined) return [];
    const access = { text: other.text, root, rules, searched };
    if (leaves.some((leaf) => isRival(leaf, access))) return [];
    if (!knowsType(other, root, { document, type: declaration.container })) continue;
    found.push({ uri: other.uri, leaves: leaves.filter((leaf) => isMeant(leaf, access)) });
  }
  return found;
}

interface Access {
  readonly text: string;
  readonly root: Node;
  readonly rules: ScopeRules;
  readonly searched: SearchedMember;
}

/** Whether a name is that of another class's member, or the key of an object. */
function isRival(leaf: Node, { text, rules, searched: { declaration } }: Access): boolean {
  const other = declarationOf(leaf, rules);
  if (other === undefined) return useOf(leaf, text) === 'key';
  return other.isMember && other.container !== declaration.container && !areRelatives(other, declaration);
}

function isMeant(leaf: Node, access: Access): boolean {
  const isUse = declarationOf(leaf, access.rules) === undefined;
  return isUse && useOf(leaf, access.text) === 'member' && isAccess(leaf, access);
}

function isAccess(leaf: Node, { text, root, rules, searched: { name, declaration } }: Access): boolean {
  const before = text.slice(Math.max(0, leaf.startIndex - 200), leaf.startIndex);
  // Without a dot at the end the search for a chain takes milliseconds.
  const [, first, last = ''] = (ACCESS.test(before) && CHAIN.exec(before)) || [];
  const container = declaration.container ?? '';
  const isImport = (leavesNamed(root, text, first ?? last) ?? []).some((each) =>
    /import|use_/.test(declarationOf(each, rules)?.owner.type ?? ''),
  );
  if (isImport && (first ?? last) !== container) return false;
  return wordsOfName(name).length > 1 || wordsOfName(container).includes(wordsOfName(last).at(-1) ?? '');
}
