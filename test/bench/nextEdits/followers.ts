import { tokensOf } from '../../../sidecar/nextEdits/words.ts';

/** Lines of a text that were replaced. */
export interface LineChange {
  readonly removed: string;
  readonly inserted: string;
}

/** The kinds of changes that a rule can find after another change. */
export const FOLLOWER_KINDS = ['rename', 'signature', 'import'] as const;
export type FollowerKind = (typeof FOLLOWER_KINDS)[number];

/**
 * Returns by which rule a change of a commit follows from another one, as far as the texts tell: the new name of a
 * declaration replaced the old one, a call of a function changed whose head changed, or an import of the same file
 * brings a name that the other uses.
 */
export function followerKind(first: LineChange, other: LineChange, isSameFile: boolean): FollowerKind | undefined {
  const pairs = replacedWords(first).filter((pair) => isDeclared(first, pair));
  const own = replacedWords(other);
  if (own.length > 0 && own.every((pair) => pairs.includes(pair))) return 'rename';
  if (
    isSameFile &&
    isImport(other) &&
    !isImport(first) &&
    newWords(first).some((word) => newWords(other).includes(word))
  )
    return 'import';
  const called = calledIn(other.removed).filter((name) => calledIn(other.inserted).includes(name));
  return headsIn(first.removed).some((name) => headsIn(first.inserted).includes(name) && called.includes(name))
    ? 'signature'
    : undefined;
}

const KEYWORD = '(?:const|let|var|function|class|interface|type|enum|def|func|struct|readonly|private|public|static)';

/** Whether both names stand behind a keyword that declares them. */
function isDeclared({ removed, inserted }: LineChange, pair: string): boolean {
  const [old, now] = pair.split(' ');
  return [
    [removed, old],
    [inserted, now],
  ].every(([text = '', name]) => new RegExp(`\\b${KEYWORD}\\s+${name}\\b`).test(text));
}

/** Returns "old new" for each pair of words in which the lines differ; none if they differ otherwise. */
function replacedWords({ removed, inserted }: LineChange): string[] {
  const [old, now] = [tokensOf(removed), tokensOf(inserted)];
  if (old.length !== now.length) return [];
  const pairs = old.flatMap((token, index) => (token === now[index] ? [] : [`${token} ${now[index] ?? ''}`]));
  return pairs.every((pair) => /^[\p{L}_][\p{L}\p{N}_]* [\p{L}_][\p{L}\p{N}_]*$/u.test(pair))
    ? [...new Set(pairs)]
    : [];
}

function newWords({ removed, inserted }: LineChange): string[] {
  const old = new Set(tokensOf(removed));
  return tokensOf(inserted).filter((token) => /^[\p{L}_][\p{L}\p{N}_]{2,}$/u.test(token) && !old.has(token));
}

function isImport({ inserted }: LineChange): boolean {
  return /^\s*(?:import\b|from\s+\S+\s+import\b)/.test(inserted);
}

/** Returns the names of functions whose heads stand in a text. */
function headsIn(text: string): string[] {
  return [
    ...text.matchAll(/\b(?:function|def|func(?:\s*\([^)]*\))?|async|public|private|protected|static)\s+(\w+)\s*[(<]/g),
  ].flatMap(([, name]) => name ?? []);
}

function calledIn(text: string): string[] {
  return [...text.matchAll(/(\w+)\s*\(/g)].flatMap(([, name]) => name ?? []);
}
