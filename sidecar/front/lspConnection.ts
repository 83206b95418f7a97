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

/** A client that does not read is cut off when this much waits to be sent to it. */
const MAX_BUFFERED_BYTES = 2 * MAX_FRAME_BYTES;

/**
 * One client: its requests and notifications by method, in LSP's life cycle (initialize first, nothing after shutdown).
 * Handlers start in the order of arrival; what they do before their first `await` sees the documents as they were when
 * the request was sent.
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
    /** Gives the error of a request that is not taken because the sidecar is leaving. */
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
    // Answers pile up as notifications do where a client asks and does not read.
    socket.on('message', () => this.#cutOffSlowReader());
    socket.on('close', () => this.#dispose());
    socket.on('error', (error) => log.error('A connection failed', error));
  }

  /** Registers a request. `params` are checked by `schema` before `handle` sees them. */
  onRequest<Params>(
    method: string,
    schema: z.ZodType<Params>,
    handle: RequestHandler<Params>,
    options?: { beforeInitialize: boolean },
  ): void {
    this.#requests.set(method, { schema, handle, needsInitialize: !(options?.beforeInitialize ?? false) });
  }

  /**
   * Registers a notification; several may hear of one. Params that do not fit `schema` are dropped with a line in the
   * log.
   */
  onNotification<Params>(method: string, schema: z.ZodType<Params>, handle: NotificationHandler<Params>): void {
    this.#notifications.set(method, [...(this.#notifications.get(method) ?? []), { schema, handle }]);
  }

  /** Begins to read. Every handler is registered by then. */
  listen(): void {
    this.#connection.listen();
  }

  /** Called when the answer to `initialize` is decided; throws when it was before. */
  markInitialized(): void {
    if (this.#phase !== 'new') throw new ResponseError(JsonRpcErrorCodes.InvalidRequest, 'initialize was sent before');
    this.#phase = 'initialized';
  }

  markShutdown(): void {
    this.#phase = 'shutdown';
  }

  get isInitialized(): boolean {
    return this.#phase === 'initialized';
  }

  /** Requests that are being worked on. */
  get runningRequests(): number {
    return this.#running.size;
  }

  /** Sends a notification; does nothing when the client is gone. */
  notify(method: string, params: object): void {
    this.#cutOffSlowReader();
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.#connection.sendNotification(method, params).catch(() => undefined);
  }

  /**
   * Asks the client; its answer is checked by `schema`. Throws where the client fails or goes, and `TypeError` where
   * the answer is not as expected.
   */
  async request<Result>(method: string, params: object, schema: z.ZodType<Result>): Promise<Result> {
    const answer: unknown = await this.#connection.sendRequest(method, params);
    const parsed = schema.safeParse(answer);
    if (!parsed.success)
      throw new TypeError(
        `The answer to ${method} is not as expected at ${parsed.error.issues[0]?.path.join('.') ?? ''}`,
      );
    return parsed.data;
  }

  /** Sends a partial result; nothing where the client named no token. */
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
          `${method} was dropped: its params are not as expected at ${parsed.error.issues[0]?.path.join('.') ?? ''}`,
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
