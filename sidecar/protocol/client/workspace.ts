import { notification, request } from '../messages.ts';

/**
 * Server → client request: which files the workspace has. Only those that the client lets a model read: no secret, no
 * ignored file, none of an untrusted workspace. Listed a page at a time, while the client finds them.
 */
export const WORKSPACE_LIST_REQUEST = request<WorkspaceListParams, WorkspaceListResult>('chorus/workspace/list');
export interface WorkspaceListParams {
  /** `next` of the page before; absent: begins anew. */
  readonly page?: number;
}
export interface WorkspaceListResult {
  readonly files: readonly WorkspaceFile[];
  /** There are more. */
  readonly next?: number;
  /** Of this page. */
  readonly skipped?: SkippedFiles;
}
/** How many files, links and folders a client left out that a model might have read, by the reason. */
export interface SkippedFiles {
  readonly tooLarge?: number;
  readonly binary?: number;
  readonly unreadable?: number;
  /** They are not followed. */
  readonly links?: number;
  /** Folders that are not looked into. */
  readonly tooDeep?: number;
}
export interface WorkspaceFile {
  readonly uri: string;
  /** Below its workspace folder, with slashes; in a workspace with several folders the folder's name stands first. */
  readonly path: string;
}

/**
 * Server → client request: texts of files. What the client doesn't want to give, can't read, or what is no text, is not
 * in the answer.
 */
export const WORKSPACE_READ_REQUEST = request<WorkspaceReadParams, WorkspaceReadResult>('chorus/workspace/read');
export interface WorkspaceReadParams {
  readonly uris: readonly string[];
}
export interface WorkspaceReadResult {
  readonly files: readonly WorkspaceText[];
  /** URIs that were not looked at, because the answer is large enough. */
  readonly remaining: readonly string[];
  /** Of those that were looked at. */
  readonly skipped?: SkippedFiles;
}
export interface WorkspaceText {
  readonly uri: string;
  /** Of a notebook: its cells' texts. */
  readonly text: string;
  /** VS Code's identifier; absent: the file's name tells. A notebook's name does not. */
  readonly languageId?: string;
}

/** Client → server notification: files were written or went away. */
export const WORKSPACE_CHANGE_NOTIFICATION = notification<WorkspaceChange>('chorus/workspace/didChangeFiles');
export interface WorkspaceChange {
  readonly changed?: readonly WorkspaceFile[];
  /** URIs of files and folders. */
  readonly deleted?: readonly string[];
  /** What may be read changed: the files are to be listed anew, and those that are not listed any more forgotten. */
  readonly reset?: boolean;
}

/** Client → server notification: the editor's tabs, the one visited last first. */
export const WORKSPACE_TABS_NOTIFICATION = notification<WorkspaceTabs>('chorus/workspace/didChangeTabs');
export interface WorkspaceTabs {
  readonly uris: readonly string[];
}

/**
 * Server → client request: what language servers know of names in a document. An answer that takes longer than a few
 * moments is of use to later completions only. Targets are files that `WORKSPACE_LIST_REQUEST` would list.
 */
export const WORKSPACE_DEFINITIONS_REQUEST = request<WorkspaceDefinitionsParams, WorkspaceDefinitionsResult>(
  'chorus/workspace/definitions',
);
export interface WorkspaceDefinitionsParams {
  readonly uri: string;
  /**
   * Where the names begin; zero-based, in UTF-16 units. A name that does not stand there any more is left out: the
   * client's document is newer.
   */
  readonly places: readonly { readonly line: number; readonly character: number; readonly name: string }[];
}
export interface WorkspaceDefinitionsResult {
  /** Of the names and of their types; lines are zero-based. */
  readonly definitions: readonly { readonly uri: string; readonly line: number }[];
  /** Messages of problems on the lines around the last place. */
  readonly problems: readonly string[];
}

/** Client → server request: what of the workspace goes into a document's prompts, and what went into the last one. */
export const CONTEXT_REQUEST = request<ContextParams, ContextResult>('chorus/context');
export interface ContextParams {
  readonly uri: string;
}
export interface ContextResult {
  readonly index: IndexState;
  /** Tokens that other files may take. */
  readonly budgetTokens: number;
  /**
   * Of these, what they take in the prompts of this document after the next pause; pieces that leave then are not
   * counted.
   */
  readonly plannedTokens: number;
  /** In the order of the prompt. */
  readonly snippets: readonly ContextSnippet[];
  /** Absent: no completion was asked for in this document lately. */
  readonly last?: LastCompletion;
}
export interface IndexState {
  readonly state: 'off' | 'reading' | 'ready';
  /** Files that are known now. */
  readonly files: number;
}
export interface ContextSnippet {
  readonly uri: string;
  readonly path: string;
  /** Counted from zero, inclusive. */
  readonly lines: readonly [start: number, end: number];
  readonly kind: 'signatures' | 'body' | 'edit';
  readonly reason: 'imported' | 'defines' | 'similar' | 'tested' | 'open' | 'edited';
  readonly tokens: number;
  /** The model has read it already; otherwise it will, when there is time. */
  readonly evaluated: boolean;
}
export interface LastCompletion {
  readonly text: string;
  /** Tokens of the document itself in the prompt, and of other files. */
  readonly documentTokens: number;
  readonly contextTokens: number;
  /** Of the prompt's tokens those that the model had read before, and those that it read for this completion. */
  readonly reusedTokens: number;
  readonly evaluatedTokens: number;
  readonly promptMs: number;
  readonly generateMs: number;
  /**
   * Names in the completion that the document does not have, and where they stand in the context, or in a file whose
   * n-grams counted.
   */
  readonly names: readonly {
    readonly name: string;
    readonly uri: string;
    readonly path: string;
    readonly line: number;
  }[];
}

/**
 * Client → server request: remove what was evaluated for a workspace, on disk and in memory. Answers when it is gone;
 * fails where it can't be deleted.
 */
export const FORGET_WORKSPACE_REQUEST = request<ForgetWorkspaceParams, null>('chorus/forgetWorkspace');
export interface ForgetWorkspaceParams {
  /**
   * As in `ChorusInitializationOptions`. Absent: the client's own; a client without one forgets only what is in memory.
   */
  readonly workspaceKey?: string;
  /**
   * Says which rules keep files from the model: only what was evaluated under others is removed, and these are noted.
   * Of the client's own workspace alone.
   */
  readonly unlessRules?: string;
}
