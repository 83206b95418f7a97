import {
  createMessageConnection,
  CancellationTokenSource,
  ResponseError,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type WebSocket from 'ws';
import type { ChorusInitializationOptions, SidecarStatus } from '../protocol/client.ts';
import { STATUS_NOTIFICATION } from '../protocol/client.ts';
import type { Attachment } from './launch.ts';
import { SidecarError } from './sidecarError.ts';
import type { SidecarState } from './stateFile.ts';
import { WebSocketMessageReader, WebSocketMessageWriter } from './webSocketTransport.ts';

/**
 * An initialized client without an editor: the command line, the uninstall hook, tests. (VS Code's window uses vscode-languageclient over
 * `SidecarConnection` instead.) When the connection ends, every pending request fails with `SidecarError` 'closed' and the reason.
 */
export class SidecarClient {
  readonly #connection: MessageConnection;
  readonly #closed: Promise<SidecarError>;
  readonly #chunkListeners = new Map<string | number, (chunk: unknown) => void>();
  readonly #statusListeners = new Set<(status: SidecarStatus) => void>();
  #nextToken = 1;

  private constructor(
    private readonly socket: WebSocket,
    readonly state: SidecarState,
  ) {
    this.#closed = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve(new SidecarError('closed', describeClose(code, reason.toString()))));
    });
    this.#connection = createMessageConnection(new WebSocketMessageReader(socket), new WebSocketMessageWriter(socket));
    this.#connection.onNotification('$/progress', ({ token, value }: { token: string | number; value: unknown }) => this.#chunkListeners.get(token)?.(value));
    this.#connection.onNotification(STATUS_NOTIFICATION, (status: SidecarStatus) => this.#statusListeners.forEach((listener) => listener(status)));
    this.#connection.onError(() => undefined);
    this.#connection.listen();
  }

  /** Initializes an attached connection. */
  static async open(attachment: Attachment, options: ChorusInitializationOptions): Promise<SidecarClient> {
    const client = new SidecarClient(attachment.socket, attachment.state);
    await client.request('initialize', { processId: null, rootUri: null, capabilities: {}, initializationOptions: options });
    await client.notify('initialized', {});
    return client;
  }

  /** Sends a request; `signal` cancels it. Throws `SidecarError` 'closed', or the sidecar's `ResponseError` (`data` is a `Trouble`). */
  async request<Result>(method: string, params: object = {}, signal?: AbortSignal): Promise<Result> {
    const source = new CancellationTokenSource();
    const cancel = (): void => source.cancel();
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const answer = this.#connection.sendRequest<Result>(method, params, source.token);
      // The connection rejects what is pending without saying why; the close says it.
      answer.catch(() => undefined);
      const outcome = await Promise.race([answer.then((value) => ({ value }), (error: unknown) => ({ error })), this.#closed.then((error) => ({ error }))]);
      if ('value' in outcome) return outcome.value;
      throw outcome.error instanceof ResponseError || this.socket.readyState === this.socket.OPEN ? outcome.error : await this.#closed;
    } finally {
      signal?.removeEventListener('abort', cancel);
      source.dispose();
    }
  }

  /** As `request`; partial results arrive in order, before the promise resolves. */
  async requestStreaming<Chunk, Result>(method: string, params: object, onChunk: (chunk: Chunk) => void, signal?: AbortSignal): Promise<Result> {
    const token = `chorus-${this.#nextToken++}`;
    this.#chunkListeners.set(token, (chunk) => onChunk(chunk as Chunk));
    try {
      return await this.request<Result>(method, { ...params, partialResultToken: token }, signal);
    } finally {
      this.#chunkListeners.delete(token);
    }
  }

  async notify(method: string, params: object): Promise<void> {
    await this.#connection.sendNotification(method, params);
  }

  onStatus(listener: (status: SidecarStatus) => void): void {
    this.#statusListeners.add(listener);
  }

  /** Resolves with the reason when the connection ends. */
  get closed(): Promise<SidecarError> {
    return this.#closed;
  }

  /** Leaves in order. */
  async close(): Promise<void> {
    if (this.socket.readyState === this.socket.OPEN) {
      await this.request('shutdown').catch(() => undefined);
      await this.notify('exit', {}).catch(() => undefined);
    }
    this.socket.close();
    await this.#closed;
    this.#connection.dispose();
  }
}

/** Words for a WebSocket's close. */
export function describeClose(code: number, reason: string): string {
  if (code === 1006) return 'The Chorus sidecar ended unexpectedly.';
  return `The Chorus sidecar closed the connection${reason ? `: ${reason}` : ''} (code ${code}).`;
}
