import { ResponseError, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import { TroubleError } from '../troubleError.ts';
import { onRequest, sendNotification } from '../typedMessages.ts';
import { ENGINE_ERROR, type EngineErrorData } from '../../protocol/engine.ts';
import type { NotificationType, RequestType } from '../../protocol/messages.ts';

/** Registers the handler of one request. Errors of the handler reach the parent as `EngineErrorData`. */
export type RequestRegistrar = <Params, Result>(
  type: RequestType<Params, Result>,
  handle: (params: NoInfer<Params>, signal: AbortSignal) => Promise<NoInfer<Result>>,
) => void;

/** Lets a child process answer its parent's requests. The handler's signal aborts if the parent cancels the request. */
export function answerRequests(connection: MessageConnection): RequestRegistrar {
  return (type, handle) => {
    onRequest(connection, type, async (params, token) => {
      try {
        return await handle(params, abortSignal(token));
      } catch (error) {
        throw toResponseError(error);
      }
    });
  };
}

/** Sends a notification to the parent. Sending fails only if the parent is gone, and then this process ends too. */
export function notifyParent<Params>(
  connection: MessageConnection,
  type: NotificationType<Params>,
  params: NoInfer<Params>,
): void {
  sendNotification(connection, type, params).catch(() => undefined);
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
