import { notification, request, type NoParams } from '../messages.ts';

/**
 * Client → server notification: the cursor rests where nothing was typed yet, also in a document that has just become
 * the active one (there at the active end of what is selected, too), and the next completion is likely there.
 */
export const CURSOR_NOTIFICATION = notification<CursorRest>('chorus/didRestCursor');
export interface CursorRest {
  readonly textDocument: { readonly uri: string };
  readonly position: { readonly line: number; readonly character: number };
}

/**
 * Client → server notification: a completion was shown, taken, taken in part or dismissed. Counts stay on this machine.
 */
export const COMPLETION_FEEDBACK = notification<CompletionFeedback>('chorus/completionFeedback');
export interface CompletionFeedback {
  readonly completionId: string;
  readonly kind: 'shown' | 'accepted' | 'acceptedPartly' | 'dismissed';
  readonly acceptedCharacters?: number;
}

/** `InlineCompletionItem.data`-like extras: the server puts them in the item's `command.arguments[0]`. */
export interface CompletionItemExtras {
  readonly completionId: string;
  /** Characters of the whole text, so that the client knows when all was taken. */
  readonly textLength: number;
  readonly cached: boolean;
}
/** What the server adds to the `InlineCompletionList` that it answers with. */
export interface CompletionListExtras {
  /**
   * The time limit ended the first item's text, or left no item. Absent: it did not, or what was made before serves.
   */
  readonly isOutOfTime?: boolean;
}
/** The command carried by an inline completion item; the client implements it. */
export const ACCEPTED_COMMAND = 'chorus.completion.accepted';

/** Client → server request: counts of completions since the sidecar began. */
export const STATISTICS_REQUEST = request<NoParams, CompletionStatistics>('chorus/statistics');
export interface CompletionStatistics {
  readonly requests: number;
  readonly answered: number;
  readonly cached: number;
  /** Made before anybody asked, while the completion before was on the screen. */
  readonly prepared: number;
  /** Places whose prompts were evaluated while the cursor rested there, before anybody asked. */
  readonly placesRead: number;
  readonly cancelled: number;
  readonly shown: number;
  readonly accepted: number;
  readonly acceptedPartly: number;
  readonly acceptedCharacters: number;
  readonly latencyP50Ms?: number;
  readonly latencyP90Ms?: number;
}
