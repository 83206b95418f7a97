import {
  createMessageConnection,
  ErrorCodes as JsonRpcErrorCodes,
  ResponseError,
  type CancellationToken,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';
import type { z } from 'zod';
import { WebSocketMessageWriter } from '../client/webSocketTransport.ts';
import { sendNotification, sendRequest } from '../common/typedMessages.ts';
import { MAX_FRAME_BYTES, PROGRESS_NOTIFICATION } from '../protocol/client.ts';
import type { NotificationType, RequestType } from '../protocol/messages.ts';
import { FrameReader } from './sockets/frameReader.ts';
import type { Log } from './log.ts';
import { parseParams, toResponseError } from './requestError.ts';

export type RequestHandler<Params, Result = unknown> = (
  params: Params,
  signal: AbortSignal,
) => Result | Promise<Result>;
export type NotificationHandler<Params> = (params: Params) => void;

/** A message of Chorus's own. */
type MessageType = RequestType<never, unknown, unknown> | NotificationType<never>;
interface RequestOptions {
  readonly beforeInitialize?: boolean;
}

interface RequestEntry {
  readonly schema: z.ZodType;
  readonly handle: RequestHandler<never>;
  readonly needsInitialize: boolean;
}
interface NotificationEntry {
  readonly schema: z.ZodType;
  readonly handle: NotificationHandler<never>;
}

/** A client that does not read is disconnected when this much data waits for it. */
const MAX_BUFFERED_BYTES = 2 * MAX_FRAME_BYTES;

/**
 * The connection of one client: it dispatches requests and notifications by method, and enforces LSP's life cycle.
 * `initialize` comes first, and nothing after `shutdown`. Handlers start in the order of arrival. Until its first
 * `await` a handler sees the documents as they were when the request was sent.
 */
export class LspConnection {
  readonly #connection: MessageConnection;
  readonly #requests = new Map<string, RequestEntry>();
  readonly #notifications = new Map<string, NotificationEntry[]>();
  readonly #running = new Set<AbortController>();
  #phase: 'new' | 'initialized' | 'shutdown' = 'new';

  constructor(
    private readonly socket: WebSocket,
    private readonly log: Log,
    /** Returns the error for new requests while the sidecar is leaving. */
    private readonly refusal: () => ResponseError<unknown> | undefined,
  ) {
    this.#connection = createMessageConnection(new FrameReader(socket), new WebSocketMessageWriter(socket), {
      error: () => log.info('A message of a client could not be handled'),
      warn: () => undefined,
      info: () => undefined,
      log: () => undefined,
    });
    this.#connection.onRequest((method, params, token: CancellationToken) =>
      this.#handleRequest(method, params as unknown, token),
    );
    this.#connection.onNotification((method, params) => this.#handleNotification(method, params as unknown));
    this.#connection.onError(() => undefined);
    // Responses pile up like notifications if a client sends requests and does not read.
    socket.on('message', () => this.#cutOffSlowReader());
    socket.on('close', () => this.#dispose());
    socket.on('error', (error) => log.error('A connection failed', error));
  }

  /** Registers a request of Chorus's own. `schema` checks `params` before `handle` gets them. */
  onRequest<Params, Result>(
    type: RequestType<Params, Result, unknown>,
    schema: z.ZodType<NoInfer<Params>>,
    handle: RequestHandler<NoInfer<Params>, NoInfer<Result>>,
    options?: RequestOptions,
  ): void;
  /** Registers a request of LSP's. Its handler gets the params that `schema` knows. */
  onRequest<Params>(
    method: string,
    schema: z.ZodType<Params>,
    handle: RequestHandler<Params>,
    options?: RequestOptions,
  ): void;
  onRequest(
    type: MessageType | string,
    schema: z.ZodType,
    handle: RequestHandler<never>,
    { beforeInitialize = false }: RequestOptions = {},
  ): void {
    this.#requests.set(methodOf(type), { schema, handle, needsInitialize: !beforeInitialize });
  }

  /**
   * Registers a notification of Chorus's own. A method may have several handlers. Params that do not match `schema` are
   * dropped and logged.
   */
  onNotification<Params>(
    type: NotificationType<Params>,
    schema: z.ZodType<NoInfer<Params>>,
    handle: NotificationHandler<NoInfer<Params>>,
  ): void;
  /** Registers a notification of LSP's. Its handler gets the params that `schema` knows. */
  onNotification<Params>(method: string, schema: z.ZodType<Params>, handle: NotificationHandler<Params>): void;
  onNotification(type: MessageType | string, schema: z.ZodType, handle: NotificationHandler<never>): void {
    const method = methodOf(type);
    this.#notifications.set(method, [...(this.#notifications.get(method) ?? []), { schema, handle }]);
  }

  /** Begins to read. Register all handlers first. */
  listen(): void {
    this.#connection.listen();
  }

  /** Marks the connection as initialized. Throws `ResponseError` if it already is. */
  markInitialized(): void {
    if (this.#phase !== 'new') throw new ResponseError(JsonRpcErrorCodes.InvalidRequest, 'initialize was already sent');
    this.#phase = 'initialized';
  }

  markShutdown(): void {
    this.#phase = 'shutdown';
  }

  get isInitialized(): boolean {
    return this.#phase === 'initialized';
  }

  /** The number of running requests. */
  get runningRequests(): number {
    return this.#running.size;
  }

  /** Sends a notification. Does nothing if the client is gone. */
  notify<Params>(type: NotificationType<Params>, params: NoInfer<Params>): void {
    this.#cutOffSlowReader();
    if (this.socket.readyState !== this.socket.OPEN) return;
    sendNotification(this.#connection, type, params).catch(() => undefined);
  }

  /**
   * Sends a request to the client and checks the response by `schema`. Rejects if the client fails or disconnects, and
   * with a `TypeError` if the response is invalid.
   */
  async request<Params, Result>(
    type: RequestType<Params, Result>,
    params: NoInfer<Params>,
    schema: z.ZodType<NoInfer<Result>>,
  ): Promise<Result> {
    const answer = await sendRequest(this.#connection, type, params);
    const parsed = schema.safeParse(answer);
    if (!parsed.success)
      throw new TypeError(
        `The response to ${type.method} is invalid at ${parsed.error.issues[0]?.path.join('.') ?? ''}`,
      );
    return parsed.data;
  }

  /** Sends a partial result of a request. Does nothing if the client sent no token for it. */
  progress<Part>(
    _type: RequestType<never, unknown, Part>,
    token: string | number | undefined,
    value: NoInfer<Part>,
  ): void {
    if (token !== undefined) this.notify(PROGRESS_NOTIFICATION, { token, value });
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  async #handleRequest(method: string, params: unknown, token: CancellationToken): Promise<unknown> {
    const controller = new AbortController();
    try {
      const entry = this.#requests.get(method);
      this.#requirePhase(method, entry);
      if (!entry)
        return new ResponseError(JsonRpcErrorCodes.MethodNotFound, `There is no request "${method.slice(0, 100)}"`);
      this.#running.add(controller);
      token.onCancellationRequested(() => controller.abort());
      if (token.isCancellationRequested) controller.abort();
      const parsed = parseParams(entry.schema, params);
      return (await (entry.handle as RequestHandler<unknown>)(parsed, controller.signal)) ?? null;
    } catch (error) {
      const answer = toResponseError(error, controller.signal);
      if (answer.code === JsonRpcErrorCodes.InternalError) this.log.error(`${method} failed`, error);
      return answer;
    } finally {
      this.#running.delete(controller);
    }
  }

  #requirePhase(method: string, entry: RequestEntry | undefined): void {
    if (entry && !entry.needsInitialize) return;
    if (this.#phase === 'new')
      throw new ResponseError(
        JsonRpcErrorCodes.ServerNotInitialized,
        `"${method.slice(0, 100)}" came before initialize`,
      );
    if (this.#phase === 'shutdown')
      throw new ResponseError(JsonRpcErrorCodes.InvalidRequest, `"${method.slice(0, 100)}" came after shutdown`);
    const refusal = this.refusal();
    if (refusal) throw refusal;
  }

  #handleNotification(method: string, params: unknown): void {
    if (this.#phase === 'new' && method !== 'exit') return;
    for (const entry of this.#notifications.get(method) ?? []) {
      const parsed = entry.schema.safeParse(params);
      if (!parsed.success) {
        this.log.info(
          `${method} was dropped: its params are invalid at ${parsed.error.issues[0]?.path.join('.') ?? ''}`,
        );
        continue;
      }
      try {
        (entry.handle as NotificationHandler<unknown>)(parsed.data);
      } catch (error) {
        this.log.error(`${method} failed`, error);
      }
    }
  }

  #cutOffSlowReader(): void {
    if (this.socket.readyState !== this.socket.OPEN || this.socket.bufferedAmount <= MAX_BUFFERED_BYTES) return;
    this.log.info('A client that does not read was disconnected');
    this.socket.terminate();
  }

  #dispose(): void {
    for (const controller of this.#running) controller.abort();
    this.#connection.dispose();
  }
}

function methodOf(type: MessageType | string): string {
  return typeof type === 'string' ? type : type.method;
}
