import { identifiersOf, termHashes } from './terms.ts';
import { isRelated, type SelectedFile, nearWeights, termWeights } from './fileSelection.ts';
import { KEYWORDS } from './keywords.ts';
import { isOwnText } from './notebookUris.ts';
import type { Definition } from './outline.ts';
import type { ContextQuery, Snippet } from './snippet.ts';
import type { ReadFile, WorkspaceIndex } from './workspaceIndex.ts';

const MAX_SIGNATURES = 16;
const MAX_BODIES = 24;
const WHOLE_FACTOR = 1.8;
/** The least score, as a share of the best body's. A lower score comes from common words only. */
const MIN_BODY_SCORE = 0.2;
/**
 * The least number of longer identifiers that a body must share with the text around the cursor, if nothing else
 * connects its file.
 */
const MIN_SHARED_NAMES = 3;
/** Factors for a body that defines a name near the cursor: as it seems, or as a language server says. */
const CALLED_FACTOR = 1.5;
const KNOWN_FACTOR = 4;
const EDIT_LINES = 8;
const MAX_EDITS = 2;
/** Two bodies say the same if they share this part of the shorter one's lines. */
const SAME_SHARE = 0.8;

/**
 * Returns ranked snippets of the selected files: signatures, then bodies, then recent edits. Signatures and bodies that
 * a language server names come first.
 */
export async function makeSnippets(
  index: WorkspaceIndex,
  query: ContextQuery,
  selected: readonly SelectedFile[],
): Promise<Snippet[]> {
  const used = new Set(identifiersOf(query.text));
  const near = nearWeights(query);
  const weights = rarityWeights(index, termWeights(near));
  const signatures: Snippet[] = [];
  const bodies: Snippet[] = [];
  for (const each of selected) {
    const read = await index.read(each.file);
    if (read === undefined) continue;
    const shown = ['imported', 'defines', 'tested'].includes(each.reason)
      ? signaturesOf(read, each, used, query.maxSnippetUnits)
      : undefined;
    const [only] = read.chunks;
    if (
      shown !== undefined &&
      only !== undefined &&
      read.chunks.length === 1 &&
      only.text.length <= WHOLE_FACTOR * shown.text.length
    ) {
      // The whole file is hardly longer than its signatures.
      signatures.push({ ...shown, ...only });
      continue;
    }
    if (shown !== undefined) signatures.push(shown);
    bodies.push(
      ...bodiesOf(read, each, {
        weights,
        near,
        known: linesIn(query.definitions, each.file.uri),
        maxUnits: query.maxSnippetUnits,
      }),
    );
  }
  const isKnown = (piece: Snippet): boolean =>
    linesIn(query.definitions, piece.uri).some(
      (line) => piece.kind === 'signatures' || (line >= piece.startLine && line <= piece.endLine),
    );
  const best = Math.max(...bodies.map(({ score }) => score), 1e-9);
  const scaled = bodies
    .map((body) => ({ ...body, score: body.score / best }))
    .filter((body) => body.score >= MIN_BODY_SCORE || isKnown(body));
  return [
    ...ranked(signatures, isKnown).slice(0, MAX_SIGNATURES),
    ...distinct(ranked(scaled, isKnown), query.text).slice(0, MAX_BODIES),
    ...(await editsOf(index, query)),
  ];
}

/** Returns the signatures of a file: all if they are short, else those that the document uses. */
function signaturesOf(
  { file, definitions }: ReadFile,
  { reason, score }: SelectedFile,
  used: ReadonlySet<string>,
  maxUnits: number,
): Snippet | undefined {
  if (definitions.length === 0) return undefined;
  const isUsed = ({ name, container }: Definition): boolean =>
    used.has(name) || (container !== undefined && used.has(container) && !name.startsWith('_'));
  const usedCount = definitions.filter(({ name }) => used.has(name)).length;
  if (reason !== 'imported' && usedCount === 0) return undefined;
  const whole = textOf(definitions);
  let shown = definitions;
  if (whole.length > maxUnits) {
    const containers = new Set(definitions.filter(isUsed).map(({ container }) => container));
    shown = withinUnits(
      definitions.filter((definition) => isUsed(definition) || containers.has(definition.name)),
      maxUnits,
    );
  }
  const first = shown[0];
  const last = shown.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return {
    uri: file.uri,
    path: file.path,
    languageId: file.languageId,
    revision: file.revision,
    kind: 'signatures',
    reason,
    startLine: first.startLine,
    endLine: last.endLine,
    text: textOf(shown),
    score: score + 0.2 * Math.min(5, usedCount),
  };
}

function textOf(definitions: readonly Definition[]): string {
  return definitions.map(({ signature }) => signature).join('\n');
}

function withinUnits(definitions: readonly Definition[], maxUnits: number): Definition[] {
  let units = 0;
  return definitions.filter(({ signature }) => (units += signature.length + 1) <= maxUnits);
}

function bodiesOf(
  { file, chunks, definitions }: ReadFile,
  { reason, score }: SelectedFile,
  options: {
    weights: ReadonlyMap<number, number>;
    near: ReadonlyMap<string, number>;
    known: readonly number[];
    maxUnits: number;
  },
): Snippet[] {
  const called = new Set(
    definitions.filter(({ name }) => (options.near.get(name) ?? 0) > 0.2).map(({ startLine }) => startLine),
  );
  const isKnownToMatter = reason !== 'similar' && reason !== 'open';
  return chunks
    .filter(
      ({ text }) =>
        text.length <= options.maxUnits && (isKnownToMatter || sharedNames(text, options.near) >= MIN_SHARED_NAMES),
    )
    .map(({ startLine, endLine, text }): Snippet => {
      const has = (line: number): boolean => line >= startLine && line <= endLine;
      const factor = options.known.some(has) ? KNOWN_FACTOR : [...called].some(has) ? CALLED_FACTOR : 1;
      return {
        uri: file.uri,
        path: file.path,
        languageId: file.languageId,
        revision: file.revision,
        kind: 'body',
        reason,
        startLine,
        endLine,
        text,
        score: closeness(text, options.weights) * (1 + score) * factor,
      };
    });
}

function linesIn(places: ContextQuery['definitions'], uri: string): readonly number[] {
  return places.filter((place) => place.uri === uri).map(({ line }) => line);
}

/**
 * Returns how many distinct names of a text also occur near the cursor. Short names and keywords do not count, since
 * every file has them.
 */
function sharedNames(text: string, near: ReadonlyMap<string, number>): number {
  return new Set(identifiersOf(text).filter((name) => name.length > 3 && near.has(name) && !KEYWORDS.has(name))).size;
}

/** Returns a BM25 score of a text. It has no term for length, since bodies are about equally long. */
function closeness(text: string, weights: ReadonlyMap<number, number>): number {
  const counts = new Map<number, number>();
  for (const identifier of identifiersOf(text))
    for (const hash of termHashes(identifier)) if (weights.has(hash)) counts.set(hash, (counts.get(hash) ?? 0) + 1);
  let sum = 0;
  for (const [hash, count] of counts) sum += ((weights.get(hash) ?? 0) * count * 2.2) / (count + 1.2);
  return sum;
}

function rarityWeights(index: WorkspaceIndex, weights: ReadonlyMap<number, number>): Map<number, number> {
  return new Map([...weights].map(([hash, weight]) => [hash, weight * index.terms.rarity(hash)]));
}

function ranked(snippets: readonly Snippet[], isKnown: (snippet: Snippet) => boolean): Snippet[] {
  return [...snippets].sort((one, other) => Number(isKnown(other)) - Number(isKnown(one)) || other.score - one.score);
}

/** Leaves out bodies that repeat a better one, or the document itself. */
function distinct(snippets: readonly Snippet[], documentText: string): Snippet[] {
  const own = linesOf(documentText);
  const kept: { snippet: Snippet; lines: ReadonlySet<string> }[] = [];
  for (const snippet of snippets) {
    if (kept.length >= MAX_BODIES) break;
    const lines = linesOf(snippet.text);
    if (lines.size === 0 || saysTheSame(lines, own) || kept.some((other) => saysTheSame(lines, other.lines))) continue;
    kept.push({ snippet, lines });
  }
  return kept.map(({ snippet }) => snippet);
}

function linesOf(text: string): ReadonlySet<string> {
  return new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.length > 4),
  );
}

function saysTheSame(lines: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  let shared = 0;
  for (const line of lines) if (other.has(line)) shared++;
  return shared >= SAME_SHARE * lines.size;
}

/** Returns the lines around recent edits of other documents. */
async function editsOf(index: WorkspaceIndex, query: ContextQuery): Promise<Snippet[]> {
  const found: Snippet[] = [];
  for (const { uri, line } of query.edits) {
    const file = index.files.get(uri);
    if (file === undefined || isOwnText(uri, query.uri) || !isRelated(file, query)) continue;
    const read = await index.read(file);
    if (read === undefined) continue;
    const lines = read.text.split('\n');
    const startLine = Math.max(0, Math.min(line, lines.length - 1) - EDIT_LINES);
    const endLine = Math.min(lines.length - 1, line + EDIT_LINES);
    const text = lines
      .slice(startLine, endLine + 1)
      .join('\n')
      .trimEnd();
    if (text.trim() === '' || text.length > query.maxSnippetUnits) continue;
    found.push({
      uri,
      path: file.path,
      languageId: file.languageId,
      revision: file.revision,
      kind: 'edit',
      reason: 'edited',
      startLine,
      endLine,
      text,
      score: 1 / (1 + found.length),
    });
    if (found.length === MAX_EDITS) break;
  }
  return found;
}
