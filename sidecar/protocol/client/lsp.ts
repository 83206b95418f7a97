/** The LSP messages that Chorus's own clients send, and the LSP notifications that the sidecar sends to any client. */
import type {
  DidChangeTextDocumentParams,
  DidCloseTextDocumentParams,
  DidOpenTextDocumentParams,
  InitializeParams,
  InitializeResult,
  InlineCompletionList,
  InlineCompletionParams,
  ProgressToken,
  ShowMessageParams,
} from 'vscode-languageserver-protocol';
import { notification, request, type NoParams } from '../messages.ts';
import type { CompletionListExtras } from './completion.ts';
import type { ChorusInitializationOptions } from './session.ts';
import type { ChorusSettings } from './settings.ts';

/** The parameters of `initialize` that Chorus's own clients send. */
export interface ChorusInitializeParams extends Pick<InitializeParams, 'processId' | 'rootUri' | 'capabilities'> {
  readonly initializationOptions: ChorusInitializationOptions;
}
export interface ConfigurationChange {
  readonly settings: { readonly chorus: ChorusSettings };
}

/** One partial result of the request whose `partialResultToken` is `token`. */
export interface PartialResult {
  readonly token: ProgressToken;
  readonly value: unknown;
}

export const INITIALIZE_REQUEST = request<ChorusInitializeParams, InitializeResult>('initialize');
export const INITIALIZED_NOTIFICATION = notification<NoParams>('initialized');
export const EXIT_NOTIFICATION = notification<NoParams>('exit');
export const CONFIGURATION_NOTIFICATION = notification<ConfigurationChange>('workspace/didChangeConfiguration');
export const OPEN_NOTIFICATION = notification<DidOpenTextDocumentParams>('textDocument/didOpen');
export const CHANGE_NOTIFICATION = notification<DidChangeTextDocumentParams>('textDocument/didChange');
export const CLOSE_NOTIFICATION = notification<DidCloseTextDocumentParams>('textDocument/didClose');
export const INLINE_COMPLETION_REQUEST = request<
  InlineCompletionParams,
  (InlineCompletionList & CompletionListExtras) | null
>('textDocument/inlineCompletion');

export const PROGRESS_NOTIFICATION = notification<PartialResult>('$/progress');
export const SHOW_MESSAGE_NOTIFICATION = notification<ShowMessageParams>('window/showMessage');
