import type { Chunk } from './chunks.ts';
import { definedNames } from './definedNames.ts';
import { bestOf, termWeights } from './fileSelection.ts';
import type { IndexedFile } from './fileTable.ts';
import type { Definition } from './outline.ts';
import type { Snippet } from './snippet.ts';
import { definitionHash, identifiersOf, subwordsOf, termHashes } from './terms.ts';
import type { ReadFile, WorkspaceIndex } from './workspaceIndex.ts';

const MAX_FILES = 16;
/** The most files whose names are compared with the words. */
const MAX_CONSIDERED = 500;
const MAX_SYMBOL_LINES = 120;
/** Languages in which keywords define nothing. */
const PROSE_AND_DATA: ReadonlySet<string> = new Set([
  'markdown',
  'restructuredtext',
  'latex',
  'json',
  'jsonc',
  'yaml',
  'toml',
  'ini',
  'xml',
  'html',
  'diff',
]);
/** Words of questions that say nothing about code. */
const EMPTY_WORDS = new Set(
  'a an and are as at be by can could do does for from has have how i in is it me my of on or our should so that the there this to us use used was we what when where which who why will with would you your'.split(
    ' ',
  ),
);

/** Returns the files that a question may be about, best first. */
export function filesForWords(index: WorkspaceIndex, words: string, openUris: readonly string[]): IndexedFile[] {
  const scores = bestOf(index.terms.scores(wordWeights(words)), MAX_CONSIDERED).flatMap(([document, score]) => {
    const file = index.files.ofDocument(document);
    if (file === undefined) return [];
    const path = new Set(subwordsOf(file.path.replaceAll(/[^\p{L}\p{N}]+/gu, '_')));
    const named = wordsOf(words).filter((word) => path.has(word.toLowerCase())).length;
    return [{ file, score: score * (1 + 0.3 * named) * (openUris.includes(file.uri) ? 1.2 : 1) }];
  });
  return scores
    .sort((one, other) => other.score - one.score)
    .slice(0, MAX_FILES)
    .map(({ file }) => file);
}

/** Returns the chunks that match the words best, at most `limit`, best first. */
export async function searchWords(
  index: WorkspaceIndex,
  words: string,
  options: { limit: number; openUris: readonly string[] },
): Promise<Snippet[]> {
  const weights = wordWeights(words);
  const rarity = new Map([...weights].map(([hash, weight]) => [hash, weight * index.terms.rarity(hash)]));
  const found: Snippet[] = [];
  for (const [rank, file] of filesForWords(index, words, options.openUris).entries()) {
    const read = await index.read(file);
    for (const { startLine, endLine, text } of read?.chunks ?? []) {
      const hashes = new Set(identifiersOf(text).flatMap((identifier) => [...termHashes(identifier)]));
      let score = 0;
      for (const [hash, weight] of rarity) if (hashes.has(hash)) score += weight;
      if (score > 0)
        found.push({
          uri: file.uri,
          path: file.path,
          languageId: file.languageId,
          revision: file.revision,
          kind: 'body',
          reason: 'similar',
          startLine,
          endLine,
          text,
          score: score / (1 + 0.05 * rank),
        });
    }
  }
  return found.sort((one, other) => other.score - one.score).slice(0, options.limit);
}

/** Returns whole definitions of a name ("Cart", "Cart.total"). */
export async function findSymbols(index: WorkspaceIndex, name: string, limit: number): Promise<Snippet[]> {
  const { last, container } = partsOf(name);
  const found: Snippet[] = [];
  for (const file of filesDefining(index, name)) {
    const read = await index.read(file);
    if (read === undefined) continue;
    const definitions = read.definitions.filter(
      (definition) => definition.name === last && (container === undefined || definition.container === container),
    );
    found.push(...definitions.map((definition) => wholeDefinition(read, definition)));
    // Without a grammar, chunks count in which keywords seem to define the name.
    if (read.definitions.length === 0 && !PROSE_AND_DATA.has(file.languageId))
      found.push(
        ...read.chunks.filter(({ text }) => definedNames(text).has(last)).map((chunk) => snippetOf(read.file, chunk)),
      );
    if (found.length >= limit) break;
  }
  return found.slice(0, limit);
}

/** Returns files that seem to define a name, for `findSymbols`. */
export function filesDefining(index: WorkspaceIndex, name: string): IndexedFile[] {
  const { last, container } = partsOf(name);
  const documentsOf = (hash: number | undefined): number[] =>
    hash === undefined ? [] : [...index.terms.postings(hash)].map(([document]) => document);
  // In some languages methods have no keyword, so files that contain the name follow.
  const documents = new Set([...documentsOf(definitionHash(last)), ...documentsOf(termHashes(last)[0])]);
  const holding = container === undefined ? documents : new Set(documentsOf(termHashes(container)[0]));
  return [...documents]
    .filter((document) => holding.has(document))
    .flatMap((document) => index.files.ofDocument(document) ?? [])
    .slice(0, MAX_FILES);
}

/**
 * Returns files in which a name occurs, as far as their texts are in memory, at most `MAX_FILES`. Those that seem to
 * define it come first.
 */
export function filesNaming(index: WorkspaceIndex, name: string): IndexedFile[] {
  const hashes = [definitionHash(name), ...termHashes(name).slice(0, 1)];
  const documents = new Set(hashes.flatMap((hash) => [...index.terms.postings(hash)].map(([document]) => document)));
  return [...documents]
    .slice(0, MAX_CONSIDERED)
    .flatMap((document) => index.files.ofDocument(document) ?? [])
    .filter(({ uri }) => index.textOf(uri)?.includes(name))
    .slice(0, MAX_FILES);
}

/** Splits "Cart.total", "Cart::total" or "Cart#total" into the last name and the name before it. */
function partsOf(name: string): { readonly last: string; readonly container: string | undefined } {
  const [last = '', container] = name.split(/\.|::|#/).reverse();
  return { last, container: container === '' ? undefined : container };
}

function wholeDefinition({ file, text }: ReadFile, { startLine, endLine }: Definition): Snippet {
  const end = Math.min(endLine, startLine + MAX_SYMBOL_LINES - 1);
  return snippetOf(file, {
    startLine,
    endLine: end,
    text: text
      .split('\n')
      .slice(startLine, end + 1)
      .join('\n'),
  });
}

function snippetOf({ uri, path, languageId, revision }: IndexedFile, { startLine, endLine, text }: Chunk): Snippet {
  return { uri, path, languageId, revision, kind: 'body', reason: 'defines', startLine, endLine, text, score: 1 };
}

function wordsOf(words: string): string[] {
  return identifiersOf(words).filter((word) => word.length > 1 && !EMPTY_WORDS.has(word.toLowerCase()));
}

function wordWeights(words: string): Map<number, number> {
  return termWeights(new Map(wordsOf(words).map((word) => [word, 1])));
}
