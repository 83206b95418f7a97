import { notification, request, type NoParams } from '../messages.ts';

/**
 * Client → server notification: the cursor rests where the user has not typed yet. The next completion is likely there.
 * Clients also send it when another document becomes active, with the active end of its selection as the position.
 */
export const CURSOR_NOTIFICATION = notification<CursorRest>('chorus/didRestCursor');
export interface CursorRest {
  readonly textDocument: { readonly uri: string };
  readonly position: { readonly line: number; readonly character: number };
}

/**
 * Client → server notification: the user saw, accepted, partly accepted or dismissed a completion. The counts stay on
 * this machine.
 */
export const COMPLETION_FEEDBACK = notification<CompletionFeedback>('chorus/completionFeedback');
export interface CompletionFeedback {
  readonly completionId: string;
  readonly kind: 'shown' | 'accepted' | 'acceptedPartly' | 'dismissed';
  readonly acceptedCharacters?: number;
}

/** Data of an `InlineCompletionItem`. The server puts it in the item's `command.arguments[0]`. */
export interface CompletionItemExtras {
  readonly completionId: string;
  /** The length of the whole text, so that the client knows when the user has accepted all of it. */
  readonly textLength: number;
  readonly cached: boolean;
}
/** Data that the server adds to the `InlineCompletionList` of its response. */
export interface CompletionListExtras {
  /**
   * The time limit ended the first item's text, or left no item. Absent if it did not, or if the text was made for an
   * earlier request.
   */
  readonly isOutOfTime?: boolean;
}
/** The command of an inline completion item. The client implements it. */
export const ACCEPTED_COMMAND = 'chorus.completion.accepted';

/** Client → server request: returns counts of completions since the sidecar's start. */
export const STATISTICS_REQUEST = request<NoParams, CompletionStatistics>('chorus/statistics');
export interface CompletionStatistics {
  readonly requests: number;
  readonly answered: number;
  readonly cached: number;
  /** Completions made ahead of their request, while the previous completion was on the screen. */
  readonly prepared: number;
  /** Places whose prompts were evaluated ahead of a request, while the cursor rested there. */
  readonly placesRead: number;
  readonly cancelled: number;
  readonly shown: number;
  readonly accepted: number;
  readonly acceptedPartly: number;
  readonly acceptedCharacters: number;
  readonly latencyP50Ms?: number;
  readonly latencyP90Ms?: number;
}
