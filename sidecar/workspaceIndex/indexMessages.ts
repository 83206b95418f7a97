/** The messages between the front and the thread of the index: numbered requests and their responses. */
import type { SourceDocument, TextEdit } from '../nextEdits/suggester.ts';
import type { NextEditsRequest, PlacedSuggestion } from '../nextEdits/suggestNextEdits.ts';
import type { CodeFacts } from '../syntax/codeFacts.ts';
import type { ContextQuery, Snippet } from './snippet.ts';
import type { FileText } from './workspaceIndex.ts';

/** Methods of the thread. `workspace` identifies a client's index. Indexes of different clients share nothing. */
export interface IndexMethods {
  put(params: { workspace: string; files: readonly FileText[] }): void;
  remove(params: { workspace: string; uris: readonly string[] }): void;
  /** Keeps only these files, after a new listing. */
  retain(params: { workspace: string; uris: readonly string[] }): void;
  forget(params: { workspace: string }): void;
  /** Selects the files that a place needs. Returns those whose text must be given again. */
  select(params: { workspace: string; query: ContextQuery }): { missing: readonly string[] };
  giveTexts(params: { workspace: string; files: readonly Pick<FileText, 'uri' | 'text'>[] }): void;
  /** Returns ranked snippets for the place. */
  rank(params: { workspace: string; query: ContextQuery }): readonly Snippet[];
  /**
   * Returns texts of the files that a place needs, best first, as many as are in memory and fit into `maxUnits`
   * together.
   */
  texts(params: {
    workspace: string;
    query: ContextQuery;
    maxUnits: number;
  }): readonly Pick<FileText, 'uri' | 'text'>[];
  /** Returns missing texts as `select` does, for a later `search` or `symbols`. */
  needed(params: { workspace: string; words?: string; symbol?: string; openUris: readonly string[] }): {
    missing: readonly string[];
  };
  /** Returns snippets that match words, for a question without a place. */
  search(params: { workspace: string; words: string; limit: number; openUris: readonly string[] }): readonly Snippet[];
  /** Returns the definitions of a name. */
  symbols(params: { workspace: string; name: string; limit: number }): readonly Snippet[];
  /** Returns facts about a piece of the code at a URI. */
  codeFacts(params: { uri: string; text: string; languageId: string }): CodeFacts | undefined;
  /** Returns the changes that follow from recent edits, best first. */
  nextEdits(params: { workspace: string; request: NextEditsRequest }): readonly PlacedSuggestion[];
  /** Returns whether an edit brings errors of syntax to a document. */
  breaksSyntax(params: { workspace: string; document: SourceDocument; edit: TextEdit }): boolean;
  /** `indexes` counts those of all workspaces. */
  statistics(params: { workspace: string }): { indexes: number; files: number; indexBytes: number; heapBytes: number };
}

export type IndexMethod = keyof IndexMethods;

/** The data that starts the thread. */
export interface IndexThreadData {
  readonly grammarsFolder: string;
  /** The memory of a `PutMark`. */
  readonly markMemory: SharedArrayBuffer;
  /** URIs of files at which an earlier thread hung, or its parser ended. */
  readonly leftOut: readonly string[];
}

export interface IndexRequest {
  readonly id: number;
  readonly method: IndexMethod;
  readonly params: unknown;
}

/** `endedAt` is the URI of a file at which the parser ended. The thread parses nothing more then. */
export type IndexAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly endedAt?: string | undefined };
