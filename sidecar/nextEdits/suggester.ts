import type { Node } from '../syntax/treeSitter.ts';
import type { Hunk } from './editJournal.ts';

/** A document with its text now. */
export interface SourceDocument {
  readonly uri: string;
  /** The path below the workspace's folders, with slashes. */
  readonly path: string;
  readonly languageId: string;
  readonly text: string;
}

/** A recent edit of one of the documents, in offsets of its text now. */
export interface RecentEdit extends Hunk {
  readonly uri: string;
}

/** Replaces `[start, endExclusive)` of a text. Offsets count UTF-16 units of the text now. */
export type TextEdit = readonly [start: number, endExclusive: number, text: string];

/** A change that a language server offers for a problem. */
export interface QuickFix {
  /** The document that the fix changes. */
  readonly uri: string;
  readonly title: string;
  /** The place of the problem. */
  readonly start: number;
  readonly end: number;
  readonly edits: readonly TextEdit[];
  /** Whether the language server calls the fix the best for its problem. */
  readonly isPreferred: boolean;
}

/** The kinds of suggestions. Each but `model` has a file in `suggesters/`. The model's are in `rewriting/`. */
type SuggestionKind =
  | 'rename'
  | 'signature'
  | 'repeat'
  | 'series'
  | 'table'
  | 'import'
  | 'diagnostic'
  | 'wording'
  | 'model';

/** Changes of one document that follow from recent edits. */
export interface Suggestion {
  readonly uri: string;
  readonly kind: SuggestionKind;
  /** From 0 to 1: the share of such suggestions that are right. */
  readonly confidence: number;
  /** In the order of the text. They neither overlap nor touch. */
  readonly edits: readonly TextEdit[];
}

/** The facts from which suggesters work. */
export interface SuggestContext {
  /** The newest first. */
  readonly edits: readonly RecentEdit[];
  readonly document: (uri: string) => SourceDocument | undefined;
  /** Returns the syntax tree's root. `undefined` if the language has no grammar, or parsing takes too long. */
  readonly root: (document: SourceDocument) => Promise<Node | undefined>;
  /** Returns the documents of the workspace in which a name occurs, a bounded number. */
  readonly documentsNaming: (name: string) => readonly SourceDocument[];
  readonly fixes: readonly QuickFix[];
}

/** Finds changes that follow from the last edits. Each suggester is nearly always right, or else silent. */
export type Suggester = (context: SuggestContext) => Promise<readonly Suggestion[]>;
