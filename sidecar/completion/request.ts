import type { CompletionSettings, WorkspaceContextSettings } from '../protocol/client.ts';
import type { ContextSet, ExpertFile, LoadedModel } from '../protocol/engine.ts';
import type { WorkspaceSource } from './prompt/contextPlans.ts';

/** A completion request at `offset`. All offsets are UTF-16 units in `text`. */
export interface CompletionRequest {
  readonly uri: string;
  readonly languageId: string;
  /** The whole document. */
  readonly text: string;
  readonly offset: number;
  /** Whether the user asked by command. Otherwise the editor asked while the user typed. */
  readonly explicit: boolean;
  /** The selected item of an open suggestion list. The completion must extend it. */
  readonly selectedCompletion?: SelectedCompletion | undefined;
  /** The client: a window with its workspace. No data passes from one client to another. */
  readonly clientKey: string;
  /**
   * Where the evaluated context is kept beyond the engine's life, or `undefined` for nowhere. It is called at each
   * evaluation, since the answer may have changed by then.
   */
  readonly contextSet?: () => ContextSet | undefined;
  /** Returns the expert of the workspace for a model. It is called at each evaluation, as `contextSet`. */
  readonly expert?: (model: LoadedModel) => Promise<ExpertFile | undefined>;
  /** The cells around the document if it is a notebook cell, in order. */
  readonly notebookCells?: NotebookCells;
  readonly settings: CompletionSettings;
  /** The client's other files, if there are any. */
  readonly workspace?: WorkspaceSource | undefined;
  readonly contextSettings?: WorkspaceContextSettings;
}

interface SelectedCompletion {
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
  /** Whether the completion comes from the cache. */
  readonly cached: boolean;
}
