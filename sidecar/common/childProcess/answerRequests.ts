import { ResponseError, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import { TroubleError } from '../troubleError.ts';
import { ENGINE_ERROR, type EngineErrorData } from '../../protocol/engine.ts';
import type { NotificationType, RequestType } from '../../protocol/messages.ts';

/** Registers the handler of one request. Errors of the handler reach the parent as `EngineErrorData`. */
export type RequestRegistrar = <Params, Result>(
  type: RequestType<Params, Result>,
  handle: (params: NoInfer<Params>, signal: AbortSignal) => Promise<NoInfer<Result>>,
) => void;

/** Lets a child process answer its parent's requests. The handler's signal aborts if the parent cancels the request. */
export function answerRequests(connection: MessageConnection): RequestRegistrar {
  return ({ method }, handle) => {
    connection.onRequest(method, async (params: Parameters<typeof handle>[0], token: CancellationToken) => {
      try {
        return await handle(params, abortSignal(token));
      } catch (error) {
        throw toResponseError(error);
      }
    });
  };
}

/** Calls `listener` with each notification of this type that the parent sends. */
export function onNotification<Params>(
  connection: MessageConnection,
  { method }: NotificationType<Params>,
  listener: (params: NoInfer<Params>) => void,
): void {
  connection.onNotification(method, listener);
}

/** Sends a notification to the parent. Sending fails only if the parent is gone, and then this process ends too. */
export function notifyParent<Params>(
  connection: MessageConnection,
  { method }: NotificationType<Params>,
  params: NoInfer<Params>,
): void {
  connection.sendNotification(method, params).catch(() => undefined);
}

function abortSignal(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

function toResponseError(error: unknown): ResponseError<EngineErrorData> {
  if (error instanceof TroubleError)
    return new ResponseError(ENGINE_ERROR, error.message, { code: error.code, detail: error.detail });
  return new ResponseError(ENGINE_ERROR, error instanceof Error ? error.message : String(error), {
    code: 'engine-failed',
    detail: error instanceof Error ? error.stack : undefined,
  });
}
