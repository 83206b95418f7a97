import { once } from 'node:events';
import WebSocket from 'ws';
import type { SidecarState } from '../../../../sidecar/client/stateFile.ts';
import type { RequestType } from '../../../../sidecar/protocol/messages.ts';
import { PATIENCE_MS } from '../../../patience.ts';

export interface Message {
  readonly jsonrpc?: string;
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** A client that shares no code with the sidecar: text frames in, text frames out. */
export class RawClient implements AsyncDisposable {
  readonly received: Message[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  #waiting: (() => void)[] = [];
  #nextId = 1;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.received.push(JSON.parse((data as Buffer).toString('utf8')) as Message);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.closed = new Promise((resolve) =>
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const wake of this.#waiting.splice(0)) wake();
      }),
    );
    socket.on('error', () => undefined);
  }

  static async connect(
    state: SidecarState,
    options: { headers?: Record<string, string>; maxPayload?: number } = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${state.port}`, {
      headers: { authorization: `Bearer ${state.token}`, ...options.headers },
      perMessageDeflate: false,
    });
    await once(socket, 'open');
    return new RawClient(socket);
  }

  /** Connects and initializes like an editor. */
  static async initialized(
    state: SidecarState,
    options: { capabilities?: object; initializationOptions?: object } = {},
  ): Promise<RawClient> {
    const client = await RawClient.connect(state);
    await client.request('initialize', {
      processId: null,
      rootUri: null,
      capabilities: options.capabilities ?? {},
      initializationOptions: options.initializationOptions,
    });
    client.notify('initialized', {});
    return client;
  }

  send(frame: string | Buffer): void {
    this.socket.send(frame);
  }

  notify(method: string, params: unknown): void {
    this.send(JSON.stringify({ jsonrpc: '2.0', method, params }));
  }

  /** Sends a request without waiting for the response. Returns its id. */
  sendRequest(method: string, params?: unknown): number {
    const id = this.#nextId++;
    this.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    return id;
  }

  /** Returns the response to a request, error or not. */
  async answer(id: number | string | null): Promise<Message> {
    return this.next((message) => message.id === id && message.method === undefined);
  }

  /** Returns the result of a request. Rejects with its error. */
  request<Params, Result>(type: RequestType<Params, Result, unknown>, params: NoInfer<Params>): Promise<Result>;
  request(method: string, params?: unknown): Promise<unknown>;
  async request(type: RequestType<never, unknown, unknown> | string, params?: unknown): Promise<unknown> {
    const method = typeof type === 'string' ? type : type.method;
    const { result, error } = await this.answer(this.sendRequest(method, params));
    if (error) throw Object.assign(new Error(`${method}: ${error.message}`), error);
    return result;
  }

  /** Returns the first received message that matches, or waits for it. */
  async next(fits: (message: Message) => boolean, timeoutMs = PATIENCE_MS): Promise<Message> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const index = this.received.findIndex(fits);
      if (index >= 0) return this.received.splice(index, 1)[0] as Message;
      if (this.socket.readyState >= WebSocket.CLOSING) throw new Error('The connection closed before the message came');
      if (performance.now() > deadline) throw new Error(`The message did not come within ${timeoutMs} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  open(uri: string, text: string, languageId = 'typescript'): void {
    this.notify('textDocument/didOpen', { textDocument: { uri, languageId, version: 1, text } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
