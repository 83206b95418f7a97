import type WebSocket from 'ws';
import {
  CancellationTokenSource,
  createMessageConnection,
  NullLogger,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import packageJson from '../../../../package.json' with { type: 'json' };
import { findOrStart } from '../../../../sidecar/client/launch.ts';
import type { LaunchOptions } from '../../../../sidecar/client/launchOptions.ts';
import { SidecarError } from '../../../../sidecar/common/sidecarError.ts';
import { onRequest, sendNotification, sendRequest } from '../../../../sidecar/common/typedMessages.ts';
import type { NotificationType, RequestType } from '../../../../sidecar/protocol/messages.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from '../../../../sidecar/client/webSocketTransport.ts';
import {
  INITIALIZE_REQUEST,
  INITIALIZED_NOTIFICATION,
  WORKSPACE_LIST_REQUEST,
  WORKSPACE_READ_REQUEST,
  type ChorusInitializationOptions,
  type ChorusSettings,
  type WorkspaceListResult,
} from '../../../../sidecar/protocol/client.ts';

/** A request without an answer after this time counts as unanswered. */
const ANSWER_LIMIT_MS = 240_000;

/** No answer came within the limit. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
}

export interface SoakClientOptions {
  readonly launch: LaunchOptions;
  readonly settings: ChorusSettings;
  readonly workspaceKey: string;
  /** Texts of the workspace by URI. */
  readonly files: ReadonlyMap<string, string>;
}

/** An editor's window, as far as the sidecar sees it. */
export class SoakClient {
  readonly #connection: MessageConnection;
  readonly #closed: Promise<never>;
  #isOpen = true;

  private constructor(
    private readonly socket: WebSocket,
    files: ReadonlyMap<string, string>,
  ) {
    this.#connection = createMessageConnection(
      new WebSocketMessageReader(socket),
      new WebSocketMessageWriter(socket),
      NullLogger,
    );
    this.#closed = new Promise<never>((_, reject) => {
      socket.once('close', (code) => {
        this.#isOpen = false;
        reject(new SidecarError('closed', `The connection was closed (${code})`));
      });
    });
    this.#closed.catch(() => undefined);
    const listed: WorkspaceListResult = {
      files: [...files.keys()].map((uri) => ({ uri, path: uri.split('/').slice(4).join('/') })),
    };
    onRequest(this.#connection, WORKSPACE_LIST_REQUEST, () => listed);
    onRequest(this.#connection, WORKSPACE_READ_REQUEST, ({ uris }) => ({
      files: uris.flatMap((uri) => (files.has(uri) ? [{ uri, text: files.get(uri) ?? '' }] : [])),
      remaining: [],
    }));
    this.#connection.onError(() => undefined);
    this.#connection.listen();
  }

  /** Finds or starts the sidecar. Throws `SidecarError` and the errors of `initialize`. */
  static async open({ launch, settings, workspaceKey, files }: SoakClientOptions): Promise<SoakClient> {
    const { socket } = await findOrStart(launch);
    const client = new SoakClient(socket, files);
    const initializationOptions: ChorusInitializationOptions = {
      clientKind: 'soak',
      clientVersion: packageJson.version,
      workspaceKey,
      settings,
      providesWorkspace: true,
    };
    try {
      await client.request(INITIALIZE_REQUEST, {
        processId: process.pid,
        rootUri: null,
        capabilities: { textDocument: { inlineCompletion: {} } },
        initializationOptions,
      });
      client.notify(INITIALIZED_NOTIFICATION, {});
      return client;
    } catch (error) {
      client.drop();
      throw error;
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Sends a request. Throws `UnansweredError`, `SidecarError` 'closed', and `ResponseError` if the sidecar refuses.
   * `signal` cancels the request, whose answer is still awaited.
   */
  async request<Params, Result>(
    type: RequestType<Params, Result, unknown>,
    params: NoInfer<Params>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const cancellation = new CancellationTokenSource();
    const cancel = (): void => cancellation.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new UnansweredError(`${type.method} was not answered within ${ANSWER_LIMIT_MS / 1000} s`)),
        ANSWER_LIMIT_MS,
      );
    });
    try {
      const answer = sendRequest(this.#connection, type, params, cancellation.token);
      answer.catch(() => undefined);
      return await Promise.race([answer, this.#closed, late]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
      cancellation.dispose();
    }
  }

  notify<Params>(type: NotificationType<Params>, params: NoInfer<Params>): void {
    if (this.#isOpen) sendNotification(this.#connection, type, params).catch(() => undefined);
  }

  /** Sends a raw frame. */
  send(frame: string | Buffer, options: { readonly binary?: boolean } = {}): void {
    this.socket.send(frame, { binary: options.binary ?? false });
  }

  /** Cuts the connection like a crashing window. */
  drop(): void {
    this.socket.terminate();
    this.#connection.dispose();
  }
}
