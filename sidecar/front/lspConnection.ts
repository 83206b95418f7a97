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
import { MAX_FRAME_BYTES } from '../protocol/client.ts';
import { FrameReader } from './sockets/frameReader.ts';
import type { Log } from './log.ts';
import { parseParams, toResponseError } from './requestError.ts';

export type RequestHandler<Params> = (params: Params, signal: AbortSignal) => unknown;
export type NotificationHandler<Params> = (params: Params) => void;

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

  /** Registers a request. `schema` checks `params` before `handle` gets them. */
  onRequest<Params>(
    method: string,
    schema: z.ZodType<Params>,
    handle: RequestHandler<Params>,
    options?: { beforeInitialize: boolean },
  ): void {
    this.#requests.set(method, { schema, handle, needsInitialize: !(options?.beforeInitialize ?? false) });
  }

  /**
   * Registers a notification. A method may have several handlers. Params that do not match `schema` are dropped and
   * logged.
   */
  onNotification<Params>(method: string, schema: z.ZodType<Params>, handle: NotificationHandler<Params>): void {
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
  notify(method: string, params: object): void {
    this.#cutOffSlowReader();
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.#connection.sendNotification(method, params).catch(() => undefined);
  }

  /**
   * Sends a request to the client and checks the response by `schema`. Rejects if the client fails or disconnects, and
   * with a `TypeError` if the response is invalid.
   */
  async request<Result>(method: string, params: object, schema: z.ZodType<Result>): Promise<Result> {
    const answer: unknown = await this.#connection.sendRequest(method, params);
    const parsed = schema.safeParse(answer);
    if (!parsed.success)
      throw new TypeError(`The response to ${method} is invalid at ${parsed.error.issues[0]?.path.join('.') ?? ''}`);
    return parsed.data;
  }

  /** Sends a partial result. Does nothing if the client sent no token for it. */
  progress(token: string | number | undefined, value: unknown): void {
    if (token !== undefined) this.notify('$/progress', { token, value });
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
