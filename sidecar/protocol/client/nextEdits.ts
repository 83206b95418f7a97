import { request } from '../messages.ts';

/**
 * Client → server request: returns the changes that follow from the last edits of the client's documents, best first.
 * The sidecar knows the edits from the documents' changes. The loaded model is asked only if the client wants it and no
 * rule finds anything of `SHOWN_CONFIDENCE`. The next change of a document ends that.
 */
export const NEXT_EDIT_REQUEST = request<NextEditParams, NextEditResult>('chorus/nextEdit');
export interface NextEditParams {
  /** The quick fixes that language servers offer for problems in open documents. */
  readonly fixes?: readonly NextEditFix[];
  /** Whether the loaded model may write changes. Default: no. */
  readonly model?: boolean;
}
/** Changes of a lower confidence are not worth showing. */
export const SHOWN_CONFIDENCE = 0.8;

export interface NextEditFix {
  readonly textDocument: { readonly uri: string };
  readonly title: string;
  /** The place of the problem. */
  readonly range: TextRange;
  readonly edits: readonly { readonly range: TextRange; readonly newText: string }[];
  /** Whether the language server calls the fix the best for its problem. */
  readonly isPreferred: boolean;
}

export interface NextEditResult {
  readonly suggestions: readonly NextEdit[];
}

/** Changes of one document. In a document whose text is no longer `oldText` at a range they are wrong. */
export interface NextEdit {
  readonly uri: string;
  /** The version of an open document. */
  readonly version?: number;
  /** The rule that found the changes, or 'model'. */
  readonly kind: string;
  /** From 0 to 1: the share of such suggestions that are right. */
  readonly confidence: number;
  /** In the order of the text. The ranges do not overlap. */
  readonly edits: readonly { readonly range: TextRange; readonly oldText: string; readonly newText: string }[];
}

interface TextPosition {
  readonly line: number;
  readonly character: number;
}
interface TextRange {
  readonly start: TextPosition;
  readonly end: TextPosition;
}
