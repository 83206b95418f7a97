import { copyString } from './copyString.ts';

/** What files are found by: identifiers, whole and as the words that they are made of. */

const IDENTIFIER = /[\p{L}_$][\p{L}\p{N}_$]*/gu;
const MIN_WORD_UNITS = 3;
const MAX_TERM_UNITS = 64;
/** Minified code and data: what stands behind so many identifiers of a file finds nothing that they do not. */
const MAX_IDENTIFIERS = 20_000;

/** Identifiers of a text in order, repeated as they are; at most 20,000. */
export function identifiersOf(text: string): string[] {
  const found: string[] = [];
  for (const [identifier] of text.matchAll(IDENTIFIER)) {
    if (identifier.length > MAX_TERM_UNITS) continue;
    found.push(identifier);
    if (found.length === MAX_IDENTIFIERS) break;
  }
  return found;
}

/**
 * The words of an identifier in lower case: `parseHTTPHeader` and `parse_http_header` have `parse`, `http` and
 * `header`. None where it is one word.
 */
export function subwordsOf(identifier: string): string[] {
  const words = identifier
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .split(/[ _$]+/)
    .filter((word) => word.length >= MIN_WORD_UNITS)
    .map((word) => word.toLowerCase());
  return words.length === 1 && words[0]?.length === identifier.length ? [] : words;
}

/** How often each term stands in a text, by the term's hash. */
export function termCounts(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (hash: number): void => void counts.set(hash, (counts.get(hash) ?? 0) + 1);
  for (const identifier of identifiersOf(text)) for (const hash of termHashes(identifier)) add(hash);
  return counts;
}

const hashesOfIdentifier = new Map<string, readonly number[]>();
const MAX_REMEMBERED = 100_000;

/** The hash of an identifier and those of its words. */
export function termHashes(identifier: string): readonly number[] {
  let hashes = hashesOfIdentifier.get(identifier);
  if (hashes === undefined) {
    hashes = [...new Set([identifier.toLowerCase(), ...subwordsOf(identifier)])]
      .filter((term) => term.length >= 2)
      .map(hashOf);
    if (hashesOfIdentifier.size >= MAX_REMEMBERED) hashesOfIdentifier.clear();
    // An identifier is a slice of its file's text.
    hashesOfIdentifier.set(copyString(identifier), hashes);
  }
  return hashes;
}

/** The hash under which a file that defines `name` is found: another term than the name itself. */
export function definitionHash(name: string): number {
  return hashOf(`def:${name}`);
}

/**
 * FNV-1a over UTF-16 units, 32 bits: among a million terms some hundred pairs share one, which costs a rank here and
 * there.
 */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
