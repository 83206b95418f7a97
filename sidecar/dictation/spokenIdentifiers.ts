import { identifiersOf } from '../workspaceIndex/terms.ts';

/** An identifier of a program, and the words that one says for it. */
export interface SpokenIdentifier {
  readonly identifier: string;
  /** In small letters: `getUserName` is "get user name". */
  readonly words: readonly string[];
}

/** Each costs a little with every token that is decoded. */
const MOST_IDENTIFIERS = 200;
const MOST_WORDS = 6;
/** Capitals, digits and lines part the words of an identifier. */
const WORD = /\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\p{N}+|[\p{Lo}\p{Lm}]+/gu;

/**
 * Identifiers of a text that are said in several words, those that it has most often first. Words of one alone need no
 * help.
 */
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
 * Writes identifiers where a text has their words one after another, whatever their case, with nothing but spaces and
 * hyphens between. Longer ones go first.
 */
export function writeIdentifiers(text: string, identifiers: readonly SpokenIdentifier[]): string {
  if (identifiers.length === 0) return text;
  const byWords = new Map<string, string>();
  // Of two that sound the same the more frequent one is meant.
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
