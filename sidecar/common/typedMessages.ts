import type { CancellationToken, Disposable, GenericNotificationHandler, GenericRequestHandler } from 'vscode-jsonrpc';
import type { NotificationType, RequestType } from '../protocol/messages.ts';

/** Sends messages by their methods: a JSON-RPC connection, or VS Code's language client. */
export interface MessageSender {
  sendRequest<Result>(method: string, params: unknown, token?: CancellationToken): Promise<Result>;
  sendNotification(method: string, params: unknown): Promise<void>;
}

/** Receives messages by their methods. */
export interface MessageReceiver {
  onRequest(method: string, handle: GenericRequestHandler<unknown, unknown>): Disposable;
  onNotification(method: string, listener: GenericNotificationHandler): Disposable;
}

/** Sends a request. Rejects with what `sender` rejects with. */
export function sendRequest<Params, Result>(
  sender: Pick<MessageSender, 'sendRequest'>,
  { method }: RequestType<Params, Result, unknown>,
  params: NoInfer<Params>,
  token?: CancellationToken,
): Promise<Result> {
  // An absent token must not be passed on: it would count as a second parameter.
  return token ? sender.sendRequest<Result>(method, params, token) : sender.sendRequest<Result>(method, params);
}

/** Sends a notification. Rejects with what `sender` rejects with. */
export function sendNotification<Params>(
  sender: Pick<MessageSender, 'sendNotification'>,
  { method }: NotificationType<Params>,
  params: NoInfer<Params>,
): Promise<void> {
  return sender.sendNotification(method, params);
}

/** Answers each request of this type with the result of `handle`. */
export function onRequest<Params, Result>(
  receiver: Pick<MessageReceiver, 'onRequest'>,
  { method }: RequestType<Params, Result, unknown>,
  handle: (params: NoInfer<Params>, token: CancellationToken) => NoInfer<Result> | Promise<NoInfer<Result>>,
): Disposable {
  return receiver.onRequest(method, handle);
}

/** Calls `listener` with the parameters of each notification of this type. */
export function onNotification<Params>(
  receiver: Pick<MessageReceiver, 'onNotification'>,
  { method }: NotificationType<Params>,
  listener: (params: NoInfer<Params>) => void,
): Disposable {
  return receiver.onNotification(method, listener);
}
