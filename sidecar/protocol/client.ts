/**
 * The contract between a client (the extension, the command line, another editor) and the sidecar's front.
 *
 * The wire is LSP 3.18, one JSON-RPC message per WebSocket text frame. Chorus uses LSP's own messages wherever they
 * exist: document sync, `textDocument/inlineCompletion`, `textDocument/completion`, cancellation, progress. All other
 * messages are `chorus/*` and are defined here. These files hold only types and constants. `docs/protocol.md` describes
 * the protocol in prose.
 */
export * from './client/lsp.ts';
export * from './client/session.ts';
export * from './client/settings.ts';
export * from './client/status.ts';
export * from './client/completion.ts';
export * from './client/nextEdits.ts';
export * from './client/dictation.ts';
export * from './client/chat.ts';
export * from './client/generation.ts';
export * from './client/models.ts';
export * from './client/workspace.ts';
