/** What the front and the thread of the index say to each other: requests with a number, answered by their number. */
import type { ContextQuery, Snippet } from './snippet.ts';
import type { FileText } from './workspaceIndex.ts';

/** Methods of the thread. `workspace` names one client's index; nothing of one is in another. */
export interface IndexMethods {
  put(params: { workspace: string; files: readonly FileText[] }): void;
  remove(params: { workspace: string; uris: readonly string[] }): void;
  /** Keeps only the files named, after a new listing. */
  retain(params: { workspace: string; uris: readonly string[] }): void;
  forget(params: { workspace: string }): void;
  /** Which files a place needs, and those among them whose text has to be given again. */
  select(params: { workspace: string; query: ContextQuery }): { missing: readonly string[] };
  giveTexts(params: { workspace: string; files: readonly Pick<FileText, 'uri' | 'text'>[] }): void;
  /** Ranked pieces for the place. */
  rank(params: { workspace: string; query: ContextQuery }): readonly Snippet[];
  /** Texts of the files that a place needs, best first, as many as are in memory and fit `maxUnits` together. */
  texts(params: {
    workspace: string;
    query: ContextQuery;
    maxUnits: number;
  }): readonly Pick<FileText, 'uri' | 'text'>[];
  /** As `select`, for what `search` and `symbols` will be asked. */
  needed(params: { workspace: string; words?: string; symbol?: string; openUris: readonly string[] }): {
    missing: readonly string[];
  };
  /** Pieces that fit words, for a question that has no place. */
  search(params: { workspace: string; words: string; limit: number; openUris: readonly string[] }): readonly Snippet[];
  /** Definitions of a name. */
  symbols(params: { workspace: string; name: string; limit: number }): readonly Snippet[];
  /** `indexes`: of all workspaces. */
  statistics(params: { workspace: string }): { indexes: number; files: number; indexBytes: number; heapBytes: number };
}

export type IndexMethod = keyof IndexMethods;

/** What the thread is given as it starts. */
export interface IndexThreadData {
  readonly grammarsFolder: string;
  /** Of a `PutMark`. */
  readonly markMemory: SharedArrayBuffer;
  /** URIs of files at which an earlier thread hung, or its parser ended. */
  readonly leftOut: readonly string[];
}

export interface IndexRequest {
  readonly id: number;
  readonly method: IndexMethod;
  readonly params: unknown;
}

/** `endedAt`: URI of a file at which the parser ended. The thread parses nothing any more. */
export type IndexAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string; readonly endedAt?: string | undefined };
