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
/** A peer that does not read its refusal within this time is disconnected. */
const REFUSAL_LIMIT_MS = 1_000;

export interface WebSocketServerOptions {
  /** Called for every authenticated connection. */
  readonly onConnection: (socket: WebSocket) => void;
  /** Default 64. */
  readonly maxClients?: number;
  /** A connection that has not finished its handshake after this time is closed. Default `HANDSHAKE_TIMEOUT_MS`. */
  readonly handshakeTimeoutMs?: number;
  /** A client that has not answered a ping by the next ping counts as gone. Default 30,000. */
  readonly pingIntervalMs?: number;
}

/** The listening socket of the front: 127.0.0.1, a free port, and only authenticated WebSocket connections. */
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

  /** Starts to listen and returns the port. */
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
   * The port, or 0 before `listen`. It stays the same after `stopListening`, since open connections may still send
   * their handshake.
   */
  get port(): number {
    return this.#port;
  }

  /** Refuses new connections. Open connections stay. */
  stopListening(): void {
    this.#http.close();
  }

  /** Closes all connections and the server. */
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

/**
 * Refuses a handshake. A refused peer counts as a connection until its socket is closed, so the server closes it after
 * a time limit.
 */
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
