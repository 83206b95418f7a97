import type { CompletionSettings, WorkspaceContextSettings } from '../protocol/client.ts';
import type { ContextSet } from '../protocol/engine.ts';
import type { WorkspaceSource } from './prompt/contextPlans.ts';

/** One question of an editor: what comes at `offset`? All offsets are UTF-16 units into `text`. */
export interface CompletionRequest {
  readonly uri: string;
  readonly languageId: string;
  /** The whole document. */
  readonly text: string;
  readonly offset: number;
  /** The user asked by command; otherwise the editor did while the user typed. */
  readonly explicit: boolean;
  /** The item selected in an open suggestion list: the completion must extend it. */
  readonly selectedCompletion?: SelectedCompletion | undefined;
  /** One window and workspace. Nothing crosses it. */
  readonly clientKey: string;
  /**
   * Where the evaluated prompt is kept beyond the engine's life; absent: nowhere. Asked for each time that something is
   * evaluated: it may be another by then.
   */
  readonly contextSet?: ContextSet | undefined;
  /** Cells around the document where it is a notebook's cell, in order. */
  readonly notebookCells?: NotebookCells;
  readonly settings: CompletionSettings;
  /** The client's other files; absent: there are none. */
  readonly workspace?: WorkspaceSource | undefined;
  readonly contextSettings?: WorkspaceContextSettings;
}

export interface SelectedCompletion {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

export interface NotebookCells {
  readonly before: readonly NotebookCell[];
  readonly after: readonly NotebookCell[];
}

export interface NotebookCell {
  readonly languageId: string;
  readonly text: string;
}

/** Text for `[start, end)` of the document. */
export interface Completion {
  readonly id: string;
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Answered from what was generated before. */
  readonly cached: boolean;
}
