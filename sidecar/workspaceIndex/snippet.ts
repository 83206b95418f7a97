/** Why a piece of the workspace is in a prompt. */
export type SnippetReason =
  /** The document imports the file. */
  | 'imported'
  /** The file defines a name that is used near the cursor. */
  | 'defines'
  /** The text is like the text around the cursor. */
  | 'similar'
  /** The file is the test of the document, or what the document tests. */
  | 'tested'
  /** The file is open in another tab. */
  | 'open'
  /** The user edited it lately. */
  | 'edited';

/** A piece of a file that may go into a prompt. */
export interface Snippet {
  readonly uri: string;
  /** Below its workspace folder, with slashes. */
  readonly path: string;
  readonly languageId: string;
  /** Of the file's text that it is from. */
  readonly revision: number;
  /** 'signatures' is what a file defines, without bodies; 'body' and 'edit' are lines as they stand. */
  readonly kind: 'signatures' | 'body' | 'edit';
  readonly reason: SnippetReason;
  /** Counted from zero, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  /** The higher the better; comparable within one ranking. */
  readonly score: number;
}

/** What a ranking is asked for: a place in a document. */
export interface ContextQuery {
  readonly uri: string;
  readonly path: string;
  readonly languageId: string;
  /** Of the whole document. */
  readonly text: string;
  /** UTF-16 units into `text`. */
  readonly offset: number;
  /** Tabs of the editor, the one visited last first. */
  readonly openUris: readonly string[];
  /** Where the user edited other documents, the last edit first. */
  readonly edits: readonly { readonly uri: string; readonly line: number }[];
  /** Where language servers say that names near the cursor, or their types, are defined. */
  readonly definitions: readonly { readonly uri: string; readonly line: number }[];
  /** What language servers say is wrong near the cursor. */
  readonly problems: readonly string[];
  /** No snippet is longer, in UTF-16 units. */
  readonly maxSnippetUnits: number;
}

/** A place, without what the client's workspace adds. */
export type PlaceQuery = Omit<ContextQuery, 'openUris' | 'edits' | 'definitions' | 'problems'>;

/** Names a snippet's place; its text may change. */
export function snippetKey({ uri, kind, startLine }: Pick<Snippet, 'uri' | 'kind' | 'startLine'>): string {
  return kind === 'signatures' ? `${uri}#signatures` : `${uri}#${kind} ${startLine}`;
}
