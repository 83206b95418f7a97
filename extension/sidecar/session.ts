import type * as vscode from 'vscode';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';

/**
 * The extension's one way to the sidecar. The first request starts or finds the sidecar; a crash in between is mended
 * before the next. Features get this and nothing wider.
 */
export interface SidecarSession extends vscode.Disposable {
  /**
   * Sends a request of `sidecar/protocol/client.ts`. Throws `TroubleError` (the sidecar says what is wrong) or
   * `SidecarError` (there is no sidecar), both with a message for the user, and `vscode.CancellationError`.
   */
  request<Result>(method: string, params: unknown, token?: vscode.CancellationToken): Promise<Result>;
  /** As `request`; partial results arrive in `onChunk` in order, before the promise resolves. */
  requestStreaming<Chunk, Result>(
    method: string,
    params: object,
    onChunk: (chunk: Chunk) => void,
    token?: vscode.CancellationToken,
  ): Promise<Result>;
  notify(method: string, params: unknown): Promise<void>;
  /** The last known status; `undefined` before the sidecar was first started. */
  readonly status: SidecarStatus | undefined;
  readonly onDidChangeStatus: vscode.Event<SidecarStatus | undefined>;
}
