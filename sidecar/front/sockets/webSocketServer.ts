import { randomBytes } from 'node:crypto';
import { createServer, STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { SERVER_TOKEN_HEADER } from '../../client/connect.ts';
import { MAX_FRAME_BYTES } from '../../protocol/client.ts';
import { refuseHandshake, type Refusal } from './authentication.ts';
import { HalfOpenSockets } from './halfOpenSockets.ts';

/** Programs on this machine send their handshake at once. */
export const HANDSHAKE_TIMEOUT_MS = 1_000;
const MAX_HALF_OPEN_SOCKETS = 64;
/** A peer that does not take its refusal by then gets none. */
const REFUSAL_LIMIT_MS = 1_000;

export interface WebSocketServerOptions {
  /** Called for every connection that has proven itself. */
  readonly onConnection: (socket: WebSocket) => void;
  /** Default 64. */
  readonly maxClients?: number;
  /** A connection that has not finished its handshake by then is closed. Default `HANDSHAKE_TIMEOUT_MS`. */
  readonly handshakeTimeoutMs?: number;
  /** A client that has not answered the ping before the next one is gone. Default 30,000. */
  readonly pingIntervalMs?: number;
}

/** The listening socket of the front: 127.0.0.1, a free port, authenticated WebSocket connections and nothing else. */
export class FrontServer {
  readonly token = randomBytes(32).toString('base64url');
  readonly serverToken = randomBytes(32).toString('base64url');
  readonly #http: Server;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
    clientTracking: true,
  });
  readonly #alive = new WeakSet<WebSocket>();
  readonly #maxClients: number;
  readonly #halfOpen: HalfOpenSockets;
  #port = 0;
  #pings: NodeJS.Timeout | undefined;

  constructor(private readonly options: WebSocketServerOptions) {
    this.#maxClients = options.maxClients ?? 64;
    this.#halfOpen = new HalfOpenSockets({
      maxSockets: MAX_HALF_OPEN_SOCKETS,
      timeoutMs: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    });
    this.#http = createServer({ maxHeaderSize: 8 * 1024 });
    this.#http.on('connection', (socket: Socket) => this.#halfOpen.add(socket));
    this.#http.on('request', (_request, response) => {
      response
        .writeHead(426, { connection: 'close', 'content-type': 'text/plain' })
        .end('This is a WebSocket. See docs/protocol.md.\n');
    });
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#webSockets.on('headers', (headers) => headers.push(`${SERVER_TOKEN_HEADER}: ${this.serverToken}`));
  }

  /** Starts to listen; gives the port. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen({ host: '127.0.0.1', port: 0, exclusive: true }, () => resolve());
    });
    this.#port = (this.#http.address() as AddressInfo).port;
    this.#pings = setInterval(() => this.#ping(), this.options.pingIntervalMs ?? 30_000);
    return this.#port;
  }

  /**
   * 0 before `listen`; stays what it was after `stopListening`, since connections made before still send their
   * handshakes.
   */
  get port(): number {
    return this.#port;
  }

  /** Takes no new connections; those that are open live on. */
  stopListening(): void {
    this.#http.close();
  }

  /** Ends everything. */
  close(): void {
    clearInterval(this.#pings);
    for (const socket of this.#webSockets.clients) socket.terminate();
    this.#webSockets.close();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const refusal = refuseHandshake(request, { port: this.port, token: this.token });
    if (refusal) {
      refuse(socket, refusal);
      return;
    }
    if (this.#webSockets.clients.size >= this.#maxClients) {
      refuse(
        socket,
        { status: 503, text: `At most ${this.#maxClients} clients` },
        `${SERVER_TOKEN_HEADER}: ${this.serverToken}\r\n`,
      );
      return;
    }
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      this.#halfOpen.delete(request.socket);
      this.#alive.add(webSocket);
      webSocket.on('pong', () => this.#alive.add(webSocket));
      this.options.onConnection(webSocket);
    });
  }

  #ping(): void {
    for (const socket of this.#webSockets.clients) {
      if (this.#alive.delete(socket)) socket.ping();
      else socket.terminate();
    }
  }
}

/** A peer that is refused counts as a connection until its socket is gone, so it is not left to it when that is. */
function refuse(socket: Duplex, refusal: Refusal, headers = ''): void {
  const body = `${refusal.text}\n`;
  const limit = setTimeout(() => socket.destroy(), REFUSAL_LIMIT_MS);
  socket.once('finish', () => socket.destroy());
  socket.once('close', () => clearTimeout(limit));
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\nConnection: close\r\nContent-Type: text/plain\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n${headers}\r\n${body}`,
  );
}
