import type { Undone } from './editJournal.ts';
import type {
  QuickFix,
  RecentEdit,
  SourceDocument,
  SuggestContext,
  Suggester,
  Suggestion,
  TextEdit,
} from './suggester.ts';
import { suggestDiagnostic } from './suggesters/diagnostic.ts';
import { suggestImport } from './suggesters/import.ts';
import { suggestRename } from './suggesters/rename.ts';
import { suggestRepeat } from './suggesters/repeat.ts';
import { suggestSeries } from './suggesters/series.ts';
import { suggestSignature } from './suggesters/signature.ts';
import { suggestTable } from './suggesters/table.ts';
import { suggestWording } from './suggesters/wording.ts';
import { timeLimit } from './timeLimit.ts';
import type { ReadRoot, Trees } from './trees.ts';
import { placesOfWord } from './words.ts';

/** A request for next edits: the recent edits, and the documents that they may concern. */
export interface NextEditsRequest {
  /** The newest first. */
  readonly edits: readonly RecentEdit[];
  /** The open documents, the last edited first. */
  readonly documents: readonly SourceDocument[];
  /** Changes that the user took back, by document. They are not suggested again. */
  readonly undone?: Readonly<Record<string, readonly Undone[]>>;
  readonly fixes?: readonly QuickFix[];
}

export interface NextEditsOptions {
  readonly trees: Trees;
  /** Owns the trees of the documents. */
  readonly workspace?: string;
  /** Returns documents of the workspace, besides those of the request, in which a name occurs. */
  readonly documentsNaming?: (name: string) => readonly SourceDocument[];
  /** No suggester starts after this time. The time begins when the grammars of the edited documents are loaded. */
  readonly limitMs?: number;
  /** Called before each suggester, and before each document that is parsed. */
  readonly onStep?: () => void;
}

/** A suggestion with the lines and texts of its edits, since the client may not have the text. */
export interface PlacedSuggestion extends Suggestion {
  readonly places: readonly PlacedEdit[];
}

interface PlacedEdit {
  readonly range: { readonly start: Position; readonly end: Position };
  readonly oldText: string;
  readonly newText: string;
}

/** Line and UTF-16 unit, from zero. */
interface Position {
  readonly line: number;
  readonly character: number;
}

/** The most suggestions of one answer. */
const MAX_SUGGESTIONS = 16;
const LIMIT_MS = 1_000;

const SUGGESTERS: readonly Suggester[] = [
  suggestRename,
  suggestSignature,
  suggestDiagnostic,
  suggestRepeat,
  suggestSeries,
  suggestTable,
  suggestImport,
  suggestWording,
];

/**
 * Returns the changes that follow from the last edits, best first. Changes of different suggestions do not overlap.
 * Rejects with `ParserEnded` if the parser ends at a document.
 */
export async function suggestNextEdits(
  request: NextEditsRequest,
  options: NextEditsOptions,
): Promise<PlacedSuggestion[]> {
  const { trees, workspace = '', limitMs = LIMIT_MS, onStep } = options;
  const edited = new Set(request.edits.map(({ uri }) => uri));
  await trees.warm(request.documents.filter(({ uri }) => edited.has(uri)).map(({ languageId }) => languageId));
  return trees.reading(workspace, async (root) => {
    const context = contextOf(request, options, root);
    const isOver = timeLimit(limitMs);
    const found: Suggestion[] = [];
    for (const suggest of SUGGESTERS) {
      if (isOver()) break;
      onStep?.();
      found.push(...(await suggest(context)));
    }
    return best(found, request, context);
  });
}

/** Returns the best suggestions whose changes do not overlap. */
function best(found: Suggestion[], request: NextEditsRequest, context: SuggestContext): PlacedSuggestion[] {
  const kept: PlacedSuggestion[] = [];
  for (const suggestion of found.sort((one, other) => other.confidence - one.confidence)) {
    const text = context.document(suggestion.uri)?.text;
    if (text === undefined) continue;
    const taken = kept.filter(({ uri }) => uri === suggestion.uri).flatMap(({ edits }) => edits);
    const placed = placedSuggestion(suggestion, { text, taken, undone: request.undone?.[suggestion.uri] });
    if (placed) kept.push(placed);
  }
  return kept.slice(0, MAX_SUGGESTIONS);
}

/**
 * Returns a suggestion for a document with this text. Changes that overlap `taken`, or that the user took back, are
 * left out; `undefined` if none is left.
 */
export function placedSuggestion(
  suggestion: Suggestion,
  {
    text,
    taken = [],
    undone = [],
  }: {
    readonly text: string;
    readonly taken?: readonly TextEdit[];
    readonly undone?: readonly Undone[] | undefined;
  },
): PlacedSuggestion | undefined {
  const edits = validEdits(suggestion.edits, { text, taken, undone });
  return edits.length > 0 ? { ...suggestion, edits, places: placesOf(text, edits) } : undefined;
}

function contextOf(
  request: NextEditsRequest,
  { documentsNaming, onStep }: NextEditsOptions,
  root: ReadRoot,
): SuggestContext {
  const documents = new Map(request.documents.map((document) => [document.uri, document]));
  return {
    edits: request.edits,
    fixes: request.fixes ?? [],
    document: (uri) => documents.get(uri),
    async root(document) {
      onStep?.();
      return root(document);
    },
    documentsNaming: (name) => {
      for (const document of documentsNaming?.(name) ?? [])
        if (!documents.has(document.uri)) documents.set(document.uri, document);
      return [...documents.values()].filter(({ text }) => placesOfWord(text, name, 1).length > 0);
    },
  };
}

/**
 * Returns the edits that change the text, in its order. Edits that overlap others, or that the user took back, are left
 * out.
 */
function validEdits(
  edits: readonly TextEdit[],
  {
    text,
    taken,
    undone,
  }: { readonly text: string; readonly taken: readonly TextEdit[]; readonly undone: readonly Undone[] },
): TextEdit[] {
  const valid: TextEdit[] = [];
  for (const edit of [...edits].sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
    const [start, end, inserted] = edit;
    const isInText = start >= 0 && end >= start && end <= text.length && text.slice(start, end) !== inserted;
    const overlaps = [...taken, ...valid].some((each) => each[0] <= end && each[1] >= start);
    if (isInText && !overlaps && !undone.some((each) => isSame(edit, each, text))) valid.push(edit);
  }
  return valid;
}

/** Whether an edit makes a change again that the user took back. Both sides may hold more of the same words. */
function isSame([start, end, inserted]: TextEdit, undone: Undone, text: string): boolean {
  if (undone.start < start || undone.start > end) return false;
  const head = text.slice(start, undone.start);
  const tail = text.slice(undone.start + undone.removed.length, end);
  return inserted === head + undone.inserted + tail;
}

/** Returns edits, which are in the order of the text, as lines and texts. */
function placesOf(text: string, edits: readonly TextEdit[]): PlacedEdit[] {
  let line = 0;
  let lineStart = 0;
  const positionAt = (offset: number): Position => {
    for (let next = text.indexOf('\n', lineStart); next >= 0 && next < offset; next = text.indexOf('\n', lineStart)) {
      line++;
      lineStart = next + 1;
    }
    return { line, character: offset - lineStart };
  };
  return edits.map(([start, end, newText]) => ({
    range: { start: positionAt(start), end: positionAt(end) },
    oldText: text.slice(start, end),
    newText,
  }));
}
