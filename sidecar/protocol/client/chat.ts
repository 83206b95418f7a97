import { request } from '../messages.ts';

/** Client → server request: answers a conversation. Streams `ChatChunk` by `$/progress` on `partialResultToken`. */
export const CHAT_REQUEST = request<ChatParams, ChatResult, ChatChunk>('chorus/chat');
export interface ChatParams {
  readonly partialResultToken?: string | number;
  /** Each conversation has its own sequence in the engine, so that its prefix is reused. */
  readonly conversationId: string;
  /** The sidecar adds definitions of the names in these messages if the workspace has them. */
  readonly messages: readonly ChatMessage[];
  readonly command?: ChatCommand;
  readonly context?: readonly ContextItem[];
  /** Adds text of the workspace that fits the question. */
  readonly workspace?: boolean;
  /** Names whose definitions are added, such as "Cart" and "Cart.total". */
  readonly symbols?: readonly string[];
  /** BCP 47 tag. Overrides the setting for this request. */
  readonly language?: string;
  /** The editor's display language. The language policy uses it last. */
  readonly displayLanguage?: string;
}
/** The slash commands, in the order in which lists show them. */
export const CHAT_COMMANDS = ['explain', 'fix', 'tests', 'docs', 'refactor', 'translate'] as const;
export type ChatCommand = (typeof CHAT_COMMANDS)[number];
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
/** A context chip: text that the client read, and its place. */
export interface ContextItem {
  /** 'workspace': the sidecar found the text for the question. Clients do not send this kind. */
  readonly kind: 'selection' | 'file' | 'diagnostics' | 'workspace';
  readonly uri?: string;
  readonly languageId?: string;
  /** Zero-based. The end is inclusive. */
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
  /** The context items that were cut or left out because the context is full. */
  readonly omittedContext?: readonly string[];
  /** The number of the oldest messages that were left out because the context is full. */
  readonly omittedTurns?: number;
  /** Places in the workspace whose text was added for the question. */
  readonly sources?: readonly SourcePlace[];
  /** The names in `symbols` that the workspace does not define. */
  readonly missingSymbols?: readonly string[];
}
export interface SourcePlace {
  readonly uri: string;
  readonly path: string;
  /** Zero-based. The end is inclusive. */
  readonly lines: readonly [start: number, end: number];
}

/**
 * Client → server request: writes new text for a range (fix, document, translate, refactor, tests). Streams `ChatChunk`
 * like `chorus/chat`.
 */
export const EDIT_REQUEST = request<EditParams, EditResult, ChatChunk>('chorus/edit');
export interface EditParams {
  readonly partialResultToken?: string | number;
  readonly task: ChatCommand;
  readonly languageId: string;
  readonly fileName: string;
  /** The text to replace. For 'tests': the text to test. */
  readonly target: string;
  readonly before: string;
  readonly after: string;
  readonly instruction?: string;
  readonly diagnostics?: readonly string[];
  /** For 'translate': the BCP 47 tag of the target language. */
  readonly language?: string;
}
export interface EditResult {
  readonly newText: string;
  readonly stopReason: ChatResult['stopReason'];
}

/** Client → server request: writes a commit message for a diff. */
export const COMMIT_MESSAGE_REQUEST = request<CommitMessageParams, CommitMessageResult>('chorus/commitMessage');
export interface CommitMessageParams {
  readonly diff: string;
  readonly recentMessages?: readonly string[];
  readonly language?: string;
}
export interface CommitMessageResult {
  /** Empty if the model's text is not a commit message. */
  readonly message: string;
}
