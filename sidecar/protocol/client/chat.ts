import { request } from '../messages.ts';

/** Client → server request. Streams `ChatChunk` by `$/progress` on `partialResultToken`. */
export const CHAT_REQUEST = request<ChatParams, ChatResult, ChatChunk>('chorus/chat');
export interface ChatParams {
  readonly partialResultToken?: string | number;
  /** One conversation keeps one sequence of the engine, so that its prefix is reused. */
  readonly conversationId: string;
  /** Definitions of names that they say are added where the workspace has them. */
  readonly messages: readonly ChatMessage[];
  readonly command?: ChatCommand;
  readonly context?: readonly ContextItem[];
  /** Adds what of the workspace fits the question. */
  readonly workspace?: boolean;
  /** Names whose definitions are added: "Cart", "Cart.total". */
  readonly symbols?: readonly string[];
  /** BCP 47; overrides the setting for this request. */
  readonly language?: string;
  /** The editor's display language, the last resort of the language policy. */
  readonly displayLanguage?: string;
}
export type ChatCommand = 'explain' | 'fix' | 'tests' | 'docs' | 'refactor' | 'translate';
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
/** A context chip: text that the client read, with where it came from. */
export interface ContextItem {
  /** 'workspace': the sidecar itself found it for the question. */
  readonly kind: 'selection' | 'file' | 'diagnostics' | 'workspace';
  readonly uri?: string;
  readonly languageId?: string;
  /** Zero-based, end inclusive. */
  readonly lines?: readonly [start: number, end: number];
  readonly text: string;
}
export interface ChatChunk {
  readonly text: string;
}
export interface ChatResult {
  readonly text: string;
  readonly stopReason: 'end' | 'length' | 'cancelled';
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly tokensPerSecond: number;
  /** Context items that were cut or left out because the context is full. */
  readonly omittedContext?: readonly string[];
  /** How many of the oldest messages were left out because the context is full. */
  readonly omittedTurns?: number;
  /** Places in the workspace whose text was added for the question. */
  readonly sources?: readonly SourcePlace[];
  /** Of `symbols` those of which the workspace has no definition. */
  readonly missingSymbols?: readonly string[];
}
export interface SourcePlace {
  readonly uri: string;
  readonly path: string;
  /** Counted from zero, inclusive. */
  readonly lines: readonly [start: number, end: number];
}

/**
 * Client → server request: new text for a range (fix, document, translate, refactor, tests). Streams `ChatChunk` like
 * `chorus/chat`.
 */
export const EDIT_REQUEST = request<EditParams, EditResult, ChatChunk>('chorus/edit');
export interface EditParams {
  readonly partialResultToken?: string | number;
  readonly task: ChatCommand;
  readonly languageId: string;
  readonly fileName: string;
  /** The text to replace (for 'tests': the text to test). */
  readonly target: string;
  readonly before: string;
  readonly after: string;
  readonly instruction?: string;
  readonly diagnostics?: readonly string[];
  /** For 'translate': BCP 47 of the target language. */
  readonly language?: string;
}
export interface EditResult {
  readonly newText: string;
  readonly stopReason: ChatResult['stopReason'];
}

/** Client → server request: a commit message for a diff. */
export const COMMIT_MESSAGE_REQUEST = request<CommitMessageParams, CommitMessageResult>('chorus/commitMessage');
export interface CommitMessageParams {
  readonly diff: string;
  readonly recentMessages?: readonly string[];
  readonly language?: string;
}
export interface CommitMessageResult {
  /** Empty: what the model wrote is no commit message. */
  readonly message: string;
}
