import { notification, request } from '../messages.ts';

/**
 * Server → client request: lists the workspace's files that a model may read, a page at a time, while the client finds
 * them. Secret files, ignored files and files of untrusted workspaces are left out.
 */
export const WORKSPACE_LIST_REQUEST = request<WorkspaceListParams, WorkspaceListResult>('chorus/workspace/list');
export interface WorkspaceListParams {
  /** `next` of the previous page. Absent: the first page. */
  readonly page?: number;
}
export interface WorkspaceListResult {
  readonly files: readonly WorkspaceFile[];
  /** The number of the next page, if there is one. */
  readonly next?: number;
  /** The files left out of this page. */
  readonly skipped?: SkippedFiles;
}
/**
 * The numbers of files, links and folders that a client left out, by reason. Files that no model may read do not count.
 */
export interface SkippedFiles {
  readonly tooLarge?: number;
  readonly binary?: number;
  readonly unreadable?: number;
  /** Links are not followed. */
  readonly links?: number;
  /** Folders that are not searched, because they lie too deep. */
  readonly tooDeep?: number;
}
export interface WorkspaceFile {
  readonly uri: string;
  /** The path in its workspace folder, with slashes. If there are several folders, it begins with the folder's name. */
  readonly path: string;
}

/**
 * Server → client request: reads texts of files. The result leaves out files that the client withholds or cannot read,
 * and files that are not text.
 */
export const WORKSPACE_READ_REQUEST = request<WorkspaceReadParams, WorkspaceReadResult>('chorus/workspace/read');
export interface WorkspaceReadParams {
  readonly uris: readonly string[];
}
export interface WorkspaceReadResult {
  readonly files: readonly WorkspaceText[];
  /** URIs that were not read, because the result was already large. */
  readonly remaining: readonly string[];
  /** The files left out of this result. */
  readonly skipped?: SkippedFiles;
}
export interface WorkspaceText {
  readonly uri: string;
  /** For a notebook: the texts of its cells. */
  readonly text: string;
  /** VS Code's identifier of the language. Absent: the file's name shows it, which a notebook's name does not. */
  readonly languageId?: string;
}

/** Client → server notification: files were written or deleted. */
export const WORKSPACE_CHANGE_NOTIFICATION = notification<WorkspaceChange>('chorus/workspace/didChangeFiles');
export interface WorkspaceChange {
  readonly changed?: readonly WorkspaceFile[];
  /** The URIs of files and folders. */
  readonly deleted?: readonly string[];
  /**
   * The rules for reading files changed. The sidecar lists the files again, and forgets files that are no longer
   * listed.
   */
  readonly reset?: boolean;
}

/** Client → server notification: the editor's tabs, with the last visited tab first. */
export const WORKSPACE_TABS_NOTIFICATION = notification<WorkspaceTabs>('chorus/workspace/didChangeTabs');
export interface WorkspaceTabs {
  readonly uris: readonly string[];
}

/**
 * Server → client request: asks language servers for the definitions of names in a document. A slow response helps only
 * later completions. All targets are files that `WORKSPACE_LIST_REQUEST` lists.
 */
export const WORKSPACE_DEFINITIONS_REQUEST = request<WorkspaceDefinitionsParams, WorkspaceDefinitionsResult>(
  'chorus/workspace/definitions',
);
export interface WorkspaceDefinitionsParams {
  readonly uri: string;
  /**
   * The starts of the names, zero-based, in UTF-16 units. The client leaves out a name that is no longer at its place,
   * since its document may be newer.
   */
  readonly places: readonly { readonly line: number; readonly character: number; readonly name: string }[];
}
export interface WorkspaceDefinitionsResult {
  /** The definitions of the names and of their types. Lines are zero-based. */
  readonly definitions: readonly { readonly uri: string; readonly line: number }[];
  /** The messages of problems on the lines around the last place. */
  readonly problems: readonly string[];
}

/**
 * Client → server request: returns the workspace's text in a document's prompts, and the sources of its last
 * completion.
 */
export const CONTEXT_REQUEST = request<ContextParams, ContextResult>('chorus/context');
export interface ContextParams {
  readonly uri: string;
}
export interface ContextResult {
  readonly index: IndexState;
  /** The most tokens of a prompt for other files. */
  readonly budgetTokens: number;
  /** The tokens of other files in this document's prompts after the next pause, without snippets that leave then. */
  readonly plannedTokens: number;
  /** In the order of the prompt. */
  readonly snippets: readonly ContextSnippet[];
  /** Absent: the client's last completion was not in this document. */
  readonly last?: LastCompletion;
}
export interface IndexState {
  readonly state: 'off' | 'reading' | 'ready';
  /** The number of files in the index now. */
  readonly files: number;
}
export interface ContextSnippet {
  readonly uri: string;
  readonly path: string;
  /** Zero-based. The end is inclusive. */
  readonly lines: readonly [start: number, end: number];
  readonly kind: 'signatures' | 'body' | 'edit';
  readonly reason: 'imported' | 'defines' | 'similar' | 'tested' | 'open' | 'edited';
  readonly tokens: number;
  /** The model has evaluated it. Else the model will, when it is idle. */
  readonly evaluated: boolean;
}
export interface LastCompletion {
  readonly text: string;
  /** The document's own tokens in the prompt. */
  readonly documentTokens: number;
  /** The tokens of other files in the prompt. */
  readonly contextTokens: number;
  /** The tokens of the prompt that were already evaluated. */
  readonly reusedTokens: number;
  /** The tokens of the prompt that were evaluated for this completion. */
  readonly evaluatedTokens: number;
  readonly promptMs: number;
  readonly generateMs: number;
  /**
   * Names in the completion that the document lacks, and their places in the context or in files whose n-grams counted.
   */
  readonly names: readonly {
    readonly name: string;
    readonly uri: string;
    readonly path: string;
    readonly line: number;
  }[];
}

/**
 * Client → server request: deletes a workspace's evaluated contexts on disk and in memory, and then responds. Fails if
 * it cannot delete them.
 */
export const FORGET_WORKSPACE_REQUEST = request<ForgetWorkspaceParams, null>('chorus/forgetWorkspace');
export interface ForgetWorkspaceParams {
  /**
   * As in `ChorusInitializationOptions`. Absent: the client's own workspace. A client without one forgets only its
   * contexts in memory.
   */
  readonly workspaceKey?: string;
  /**
   * The rules that keep files from the model. Only contexts evaluated under other rules are deleted, and these rules
   * are stored. For the client's own workspace only.
   */
  readonly unlessRules?: string;
  /** Whether the workspace's expert stays. Its files on disk did not change their rules. */
  readonly keepsExpert?: boolean;
}
