import { definedNames } from './definedNames.ts';
import { type IndexedFile, sharedSegments, stemOf } from './fileTable.ts';
import { isOwnText } from './notebookUris.ts';
import type { ContextQuery, SnippetReason } from './snippet.ts';
import { definitionHash, identifiersOf, termHashes } from './terms.ts';
import { testedStem, testness, twinNearness, twinStems } from './testFiles.ts';
import type { WorkspaceIndex } from './workspaceIndex.ts';

/** A file that may matter for a place, with its score. */
export interface SelectedFile {
  readonly file: IndexedFile;
  readonly reason: SnippetReason;
  readonly score: number;
}

/** The UTF-16 units around the cursor whose identifiers are searched for. */
const BEFORE_UNITS = 3_000;
const AFTER_UNITS = 1_000;
const MAX_IMPORTED = 24;
const MAX_SIMILAR = 16;
const MAX_TWINS = 3;
/** The most files whose place in the workspace is weighed. */
const MAX_CONSIDERED = 200;
/** If more files define a name, the name says little about which file is meant. */
const MAX_DEFINERS = 6;
const MAX_QUERY_NAMES = 80;
/** A language server does not guess, so its answer counts more than an import. */
const KNOWN_SHARE = 2;
/** The weight of a name in a problem's message. The name at the cursor has weight 1. */
const PROBLEM_WEIGHT = 0.5;

const SCORES: Readonly<Record<SnippetReason, number>> = {
  imported: 1,
  defines: 0.9,
  tested: 0.6,
  similar: 0.5,
  open: 0.15,
  edited: 0.3,
};

/**
 * Returns the files that a place in a document is likely to need. Files that a language server names come first. The
 * others follow best first: imported, defining a name near the cursor, similar, open.
 */
export async function selectFiles(index: WorkspaceIndex, query: ContextQuery): Promise<SelectedFile[]> {
  const found = new Map<string, SelectedFile>();
  const add = (file: IndexedFile, reason: SnippetReason, share: number): void => {
    if (isOwnText(file.uri, query.uri)) return;
    const before = found.get(file.uri);
    const score = SCORES[reason] * share;
    // The scores of several reasons add up, and the strongest reason names the file.
    found.set(
      file.uri,
      before === undefined
        ? { file, reason, score }
        : { ...before, score: before.score + score, ...(score > before.score ? { reason } : {}) },
    );
  };

  const imported = new Set<IndexedFile>();
  for (const path of await index.importsOf(query))
    for (const file of index.files.resolve(path, query)) imported.add(file);
  for (const file of [...imported].slice(0, MAX_IMPORTED)) add(file, 'imported', 1);

  const known = new Set(query.definitions.map(({ uri }) => uri));
  for (const uri of known) {
    const file = index.files.get(uri);
    if (file !== undefined) add(file, 'defines', KNOWN_SHARE);
  }
  const near = nearWeights(query);
  const own = definedNames(query.text);
  for (const name of [...near.keys()].slice(0, MAX_QUERY_NAMES)) {
    if (own.has(name) || name.length < 3) continue;
    const definers = index.terms.postings(definitionHash(name));
    if (definers.length === 0 || definers.length > MAX_DEFINERS) continue;
    for (const [document] of definers) {
      const file = index.files.ofDocument(document);
      if (file !== undefined && isRelated(file, query)) add(file, 'defines', 1 / definers.length);
    }
  }
  for (const { file, share } of similarFiles(index, query, near)) add(file, 'similar', share);
  for (const file of twins(index, query)) add(file, 'tested', 1);
  for (const [place, uri] of query.openUris.slice(0, 8).entries()) {
    const file = index.files.get(uri);
    if (file !== undefined && isRelated(file, query)) add(file, 'open', 1 / (1 + place));
  }
  const isKnown = ({ file }: SelectedFile): number => Number(known.has(file.uri));
  return [...found.values()].sort((one, other) => isKnown(other) - isKnown(one) || other.score - one.score);
}

/** Returns the identifiers around the cursor and in the problems there, with their weights, heaviest first. */
export function nearWeights({
  text,
  offset,
  problems,
}: Pick<ContextQuery, 'text' | 'offset' | 'problems'>): Map<string, number> {
  const before = identifiersOf(text.slice(Math.max(0, offset - BEFORE_UNITS), offset)).reverse();
  const after = identifiersOf(text.slice(offset, offset + AFTER_UNITS));
  const weights = new Map<string, number>();
  for (const identifiers of [before, after]) {
    for (const [distance, identifier] of identifiers.entries())
      weights.set(identifier, (weights.get(identifier) ?? 0) + 1 / (1 + distance / 20));
  }
  for (const identifier of problems.flatMap(identifiersOf))
    weights.set(identifier, Math.max(weights.get(identifier) ?? 0, PROBLEM_WEIGHT));
  return new Map([...weights].sort(([, one], [, other]) => other - one));
}

/** Returns the terms of a query with their weights. */
export function termWeights(near: ReadonlyMap<string, number>): Map<number, number> {
  const weights = new Map<number, number>();
  for (const [identifier, weight] of [...near].slice(0, MAX_QUERY_NAMES)) {
    // A word of an identifier says less than the whole identifier.
    for (const [place, hash] of termHashes(identifier).entries())
      weights.set(hash, (weights.get(hash) ?? 0) + Math.min(2, weight) * (place === 0 ? 1 : 0.4));
  }
  return weights;
}

function similarFiles(
  index: WorkspaceIndex,
  query: ContextQuery,
  near: ReadonlyMap<string, number>,
): { file: IndexedFile; share: number }[] {
  const scored = bestOf(index.terms.scores(termWeights(near)), MAX_CONSIDERED).flatMap(([document, score]) => {
    const file = index.files.ofDocument(document);
    // Code of another language misleads more than it helps, and distant files are worth less.
    return file === undefined || isOwnText(file.uri, query.uri) || !isRelated(file, query)
      ? []
      : [{ file, score: score * (1 + 0.05 * sharedSegments(file.path, query.path)) }];
  });
  scored.sort((one, other) => other.score - one.score);
  const best = scored[0]?.score ?? 1;
  return scored.slice(0, MAX_SIMILAR).map(({ file, score }) => ({ file, share: score / best }));
}

/**
 * Returns the entries with the highest scores, in no order. There are more than `count` if several share the last
 * score.
 */
export function bestOf(scores: ReadonlyMap<number, number>, count: number): [document: number, score: number][] {
  if (scores.size <= count) return [...scores];
  const least = Float64Array.from(scores.values()).sort().at(-count) ?? 0;
  return [...scores].filter(([, score]) => score >= least).slice(0, 2 * count);
}

/**
 * Returns the tests of a file, or the files that a test tests, by their names, nearest first. Other files of the same
 * name (`index.ts`, `models.py`) do not count.
 */
function twins(index: WorkspaceIndex, query: ContextQuery): readonly IndexedFile[] {
  const { path, uri } = query;
  const tested = testedStem(path);
  if (tested === '') return [];
  const own = testness(path);
  const isTwin = (file: IndexedFile): boolean =>
    testness(file.path) !== own &&
    testedStem(file.path) === tested &&
    !isOwnText(file.uri, uri) &&
    isRelated(file, query);
  const stems = new Set(twinStems(tested).map(stemOf));
  const nearness = new Map(
    [...stems]
      .flatMap((stem) => index.files.withStem(stem))
      .filter(isTwin)
      .map((file) => [file, twinNearness(file.path, path)]),
  );
  return [...nearness]
    .sort(([, one], [, other]) => other - one)
    .slice(0, MAX_TWINS)
    .map(([file]) => file);
}

/** Returns whether a file has the language of the document, or a related one. */
export function isRelated(file: IndexedFile, query: ContextQuery): boolean {
  const base = (languageId: string): string =>
    languageId
      .replace(/react$/, '')
      .replace('javascript', 'typescript')
      .replace(/^cpp$/, 'c');
  return base(file.languageId) === base(query.languageId);
}
