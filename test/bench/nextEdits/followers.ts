import { parametersIn } from '../../../sidecar/nextEdits/parameterLists.ts';
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
 * declaration replaced the old one, the arguments of a call changed whose function got other parameters, or an import
 * of the same file brings a name that the other uses.
 */
export function followerKind(
  first: LineChange,
  other: LineChange,
  { isSameFile, languageId }: { readonly isSameFile: boolean; readonly languageId: string },
): FollowerKind | undefined {
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
  const [before, after] = [callsIn(other.removed), callsIn(other.inserted)];
  return changedHeads(first, languageId).some((name) => {
    const [old, now] = [before.get(name), after.get(name)];
    return old !== undefined && now !== undefined && old !== now;
  })
    ? 'signature'
    : undefined;
}

const KEYWORD = '(?:const|let|var|function|class|interface|enum|def|func|struct)';
/** These words also stand before types, so a declared name has a sign behind it. */
const FIELD_OR_TYPE = '(?:readonly|private|public|protected|static|type)';

/** Whether both names stand behind a keyword that declares them. */
function isDeclared({ removed, inserted }: LineChange, pair: string): boolean {
  const [old, now] = pair.split(' ');
  return [
    [removed, old],
    [inserted, now],
  ].every(([text = '', name]) =>
    new RegExp(`\\b${KEYWORD}\\s+${name}\\b|\\b${FIELD_OR_TYPE}\\s+${name}\\s*(?:[?!]?[:(]|[=;<])`).test(text),
  );
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

const STATEMENTS = new Set(['if', 'for', 'while', 'switch', 'catch', 'return', 'function', 'with']);

/** Returns the functions that have other parameters now. */
function changedHeads({ removed, inserted }: LineChange, languageId: string): string[] {
  const [before, after] = [headsIn(removed, languageId), headsIn(inserted, languageId)];
  return [...before].flatMap(([name, list]) => (after.has(name) && after.get(name) !== list ? [name] : []));
}

/** Returns the names of parameters by function, for the heads of functions in a text. */
function headsIn(text: string, languageId: string): Map<string, string> {
  const heads = new Map<string, string>();
  for (const { name, list, isHead } of listsIn(text))
    if (isHead)
      heads.set(
        name,
        parametersIn(list, languageId)
          .map((parameter) => parameter.name)
          .join(),
      );
  return heads;
}

/** Returns the arguments by function, for the calls in a text. */
function callsIn(text: string): Map<string, string> {
  const calls = new Map<string, string>();
  for (const { name, list, isHead } of listsIn(text))
    if (!isHead) calls.set(name, `${calls.get(name) ?? ''}${list.replaceAll(/\s/g, '')}`);
  return calls;
}

interface FoundList {
  readonly name: string;
  readonly list: string;
  readonly isHead: boolean;
}

/** Returns the lists in brackets behind names: parameters of heads, and arguments of calls. */
function listsIn(text: string): FoundList[] {
  return [...text.matchAll(/(\w+)\s*(?:<[^()<>]*>)?\(/g)].flatMap(({ 0: whole, 1: name = '', index }) => {
    const open = index + whole.length - 1;
    const close = closingOf(text, open);
    if (close === undefined || STATEMENTS.has(name)) return [];
    return [{ name, list: text.slice(open, close), isHead: isHead(text, { index, close }) }];
  });
}

/** Whether the list of a name is that of a head: a keyword or the start of a line before it, a body or type behind it. */
function isHead(text: string, { index, close }: { readonly index: number; readonly close: number }): boolean {
  const before = text.slice(text.lastIndexOf('\n', index - 1) + 1, index);
  if (/\b(?:function\*?|def|func(?:\s*\([^)]*\))?)\s+$/.test(before)) return true;
  if (/[=(.,!&|?+:]\s*$|\b(?:return|new|await|throw|yield|else|case|in|of)\s+$/.test(before)) return false;
  return /^\s*(?:\{|=>|:\s*[^\n]*[{;]\s*(?:\n|$)|throws\b)/.test(text.slice(close));
}

/** Returns the offset behind the bracket that closes the one at `open`. */
function closingOf(text: string, open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at + 1;
  }
  return undefined;
}
