/** Why a snippet is in a prompt. */
export type SnippetReason =
  /** The document imports the file. */
  | 'imported'
  /** The file defines a name that is used near the cursor. */
  | 'defines'
  /** The text is similar to the text around the cursor. */
  | 'similar'
  /** The file is the test of the document, or the document is its test. */
  | 'tested'
  /** The file is open in another tab. */
  | 'open'
  /** The user edited the file recently. */
  | 'edited';

/** A part of a file that may go into a prompt. */
export interface Snippet {
  readonly uri: string;
  /** The path below the workspace folder, with slashes. */
  readonly path: string;
  readonly languageId: string;
  /** The revision of the file's text. */
  readonly revision: number;
  /** 'signatures' are the file's definitions without bodies; 'body' and 'edit' are lines of the file. */
  readonly kind: 'signatures' | 'body' | 'edit';
  readonly reason: SnippetReason;
  /** Lines are counted from zero, inclusive. */
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
  /** Higher is better. Scores of the same ranking are comparable. */
  readonly score: number;
}

/** A place in a document, for a ranking. */
export interface ContextQuery {
  readonly uri: string;
  readonly path: string;
  readonly languageId: string;
  /** The text of the whole document. */
  readonly text: string;
  /** The cursor, in UTF-16 units of `text`. */
  readonly offset: number;
  /** Tabs of the editor, the last visited first. */
  readonly openUris: readonly string[];
  /** Where the user edited other documents, the last edit first. */
  readonly edits: readonly { readonly uri: string; readonly line: number }[];
  /** Where language servers find the definitions of names near the cursor, or of their types. */
  readonly definitions: readonly { readonly uri: string; readonly line: number }[];
  /** Problems near the cursor that language servers report. */
  readonly problems: readonly string[];
  /** The largest snippet, in UTF-16 units. */
  readonly maxSnippetUnits: number;
}

/** A place without the facts that the client's workspace adds. */
export type PlaceQuery = Omit<ContextQuery, 'openUris' | 'edits' | 'definitions' | 'problems'>;

/** Returns a key for the place of a snippet, independent of its text. */
export function snippetKey({ uri, kind, startLine }: Pick<Snippet, 'uri' | 'kind' | 'startLine'>): string {
  return kind === 'signatures' ? `${uri}#signatures` : `${uri}#${kind} ${startLine}`;
}
