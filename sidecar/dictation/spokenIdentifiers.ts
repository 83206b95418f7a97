import { identifiersOf } from '../workspaceIndex/terms.ts';

/** An identifier of a program, and its spoken words. */
export interface SpokenIdentifier {
  readonly identifier: string;
  /** In small letters: `getUserName` is "get user name". */
  readonly words: readonly string[];
}

/** Each identifier costs a little time with every decoded token. */
const MOST_IDENTIFIERS = 200;
const MOST_WORDS = 6;
/** Capitals, digits and underscores separate the words of an identifier. */
const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+|[\p{Lo}\p{Lm}]+/gu;

/** Returns the identifiers of a text that consist of several words, most frequent first. Single words need no help. */
export function spokenIdentifiers(text: string): readonly SpokenIdentifier[] {
  const counts = new Map<string, number>();
  for (const identifier of identifiersOf(text)) counts.set(identifier, (counts.get(identifier) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([identifier]) => ({ identifier, words: wordsOf(identifier) }))
    .filter(({ words }) => words.length > 1 && words.length <= MOST_WORDS)
    .slice(0, MOST_IDENTIFIERS);
}

/**
 * Replaces spoken words by identifiers. The words must follow each other, in any case, with only spaces and hyphens in
 * between. Longer identifiers take precedence.
 */
export function writeIdentifiers(text: string, identifiers: readonly SpokenIdentifier[]): string {
  if (identifiers.length === 0) return text;
  const byWords = new Map<string, string>();
  // Of two identifiers with the same words the more frequent one is used.
  for (const { identifier, words } of identifiers)
    if (!byWords.has(words.join(' '))) byWords.set(words.join(' '), identifier);
  const longest = [...byWords.keys()]
    .sort((a, b) => b.length - a.length)
    .map((phrase) => phrase.replaceAll(' ', '[ -]+'));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${longest.join('|')})(?![\\p{L}\\p{N}_])`, 'giu');
  return text.replace(pattern, (said) => byWords.get(said.toLowerCase().replace(/[ -]+/g, ' ')) ?? said);
}

function wordsOf(identifier: string): readonly string[] {
  return [...identifier.matchAll(WORD)].map(([word]) => word.toLowerCase());
}
