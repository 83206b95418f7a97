import type * as vscode from 'vscode';
import type { SidecarStatus } from '../../sidecar/protocol/client.ts';
import type { NotificationType, RequestType } from '../../sidecar/protocol/messages.ts';

/**
 * The extension's only access to the sidecar. The first request starts or finds the sidecar. After a crash the next
 * request starts it again. Features use only this interface.
 */
export interface SidecarSession extends vscode.Disposable {
  /**
   * Sends a request of `sidecar/protocol/client.ts`. Throws `TroubleError` if the sidecar reports a problem and
   * `SidecarError` if there is no sidecar, both with a message for the user. Throws `vscode.CancellationError` after a
   * cancellation.
   */
  request<Params, Result>(
    type: RequestType<Params, Result, unknown>,
    params: NoInfer<Params>,
    token?: vscode.CancellationToken,
  ): Promise<Result>;
  /** Sends a request like `request`. Partial results arrive in `onPart`, in order, before the promise resolves. */
  requestStreaming<Params extends object, Result, Part>(
    type: RequestType<Params, Result, Part>,
    params: NoInfer<Params>,
    onPart: (part: NoInfer<Part>) => void,
    token?: vscode.CancellationToken,
  ): Promise<Result>;
  notify<Params>(type: NotificationType<Params>, params: NoInfer<Params>): Promise<void>;
  /** The last known status, or `undefined` before the sidecar's first start. */
  readonly status: SidecarStatus | undefined;
  readonly onDidChangeStatus: vscode.Event<SidecarStatus | undefined>;
}
