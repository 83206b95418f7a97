import { copyString } from './copyString.ts';

/** Files are found by terms: identifiers, and the words that they consist of. */

const IDENTIFIER = /[\p{L}_$][\p{L}\p{N}_$]*/gu;
const MIN_WORD_UNITS = 3;
const MAX_TERM_UNITS = 64;
/**
 * The most identifiers of a file. A longer file is minified code or data, and its remaining identifiers would find
 * little.
 */
const MAX_IDENTIFIERS = 20_000;

/** Returns the identifiers of a text in order, with repetitions; at most 20,000. */
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
 * Returns the words of an identifier in lower case: `parseHTTPHeader` and `parse_http_header` have `parse`, `http` and
 * `header`. None if the identifier is a single word.
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

/** Returns how often each term occurs in a text, by its hash. */
export function termCounts(text: string): Map<number, number> {
  const counts = new Map<number, number>();
  const add = (hash: number): void => void counts.set(hash, (counts.get(hash) ?? 0) + 1);
  for (const identifier of identifiersOf(text)) for (const hash of termHashes(identifier)) add(hash);
  return counts;
}

const hashesOfIdentifier = new Map<string, readonly number[]>();
const MAX_REMEMBERED = 100_000;

/** Returns the hash of an identifier and the hashes of its words. */
export function termHashes(identifier: string): readonly number[] {
  let hashes = hashesOfIdentifier.get(identifier);
  if (hashes === undefined) {
    hashes = [...new Set([identifier.toLowerCase(), ...subwordsOf(identifier)])]
      .filter((term) => term.length >= 2)
      .map(hashOf);
    if (hashesOfIdentifier.size >= MAX_REMEMBERED) hashesOfIdentifier.clear();
    // An identifier is a slice of its file's text, which would stay in memory.
    hashesOfIdentifier.set(copyString(identifier), hashes);
  }
  return hashes;
}

/** Returns the hash that finds files which define `name`. It differs from the hash of the name itself. */
export function definitionHash(name: string): number {
  return hashOf(`def:${name}`);
}

/**
 * Returns the 32-bit FNV-1a hash over UTF-16 units. Among a million terms about a hundred pairs collide, which slightly
 * changes some ranks.
 */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}
