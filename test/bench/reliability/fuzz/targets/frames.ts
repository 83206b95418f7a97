import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { duplexPair, type Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import { MAX_FRAME_BYTES } from '../../../../../sidecar/protocol/client.ts';
import { Client } from '../../../../../sidecar/front/client.ts';
import { completionRequest } from '../../../../../sidecar/front/completionRequest.ts';
import { handleDocuments } from '../../../../../sidecar/front/handlers/documents.ts';
import { handleNotebooks } from '../../../../../sidecar/front/handlers/notebooks.ts';
import type { Log } from '../../../../../sidecar/front/log.ts';
import { LspConnection } from '../../../../../sidecar/front/lspConnection.ts';
import { inlineCompletion } from '../../../../../sidecar/front/schemas.ts';
import { damagedText, mutatedJson } from '../json.ts';
import type { Random } from '../random.ts';
import type { FuzzTarget } from '../target.ts';
import { messages, otherNotifications, otherRequests } from './messages.ts';

/** The bytes of one write. */
interface Frames {
  readonly bytes: Buffer;
  /** Whether the frames themselves are damaged, so that no frame can follow on the connection. */
  readonly isLast: boolean;
}

const TEXT = 1;
const BINARY = 2;
/** The first byte of the frame by which the front closes a connection. */
const CLOSE_FRAME = 0x88;
/** Logged if frames break the protocol's rules, which closes the connection. */
const BROKEN_FRAME = 'A connection failed';
const PROBE_METHOD = 'chorus/status';

/**
 * Frames of clients, from their bytes to the handlers: `ws`, `FrameReader`, `LspConnection`, every schema, and
 * documents, which are kept.
 */
export function openFrames(): FuzzTarget<Frames> {
  const errors: string[] = [];
  const log: Log = {
    info: () => undefined,
    error: (what, error) =>
      what === BROKEN_FRAME ? undefined : errors.push(`${what}: ${String((error as Error).stack ?? error)}`),
  };
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  let connection: FuzzedConnection | undefined;
  return {
    title:
      'WebSocket frames and JSON-RPC of clients (`ws`, `FrameReader`, `LspConnection`, all schemas, documents and notebooks)',
    make,
    run: async ({ bytes, isLast }) => {
      connection = connection?.isOpen ? connection : await FuzzedConnection.open(server, log);
      connection.write(bytes);
      const lives = isLast ? await connection.end() : await connection.probe();
      if (errors.length > 0) throw new Error(errors.splice(0).join('\n'));
      return lives;
    },
    close: async () => server.close(),
  };
}

function make(random: Random): Frames {
  const sample = random.of(messages);
  const text = random.once(12)
    ? damagedText(random, JSON.stringify(sample))
    : mutatedJson(random, { jsonrpc: '2.0', ...sample });
  const frame = framed(Buffer.from(text), random.once(60) ? BINARY : TEXT);
  if (!random.once(12)) return { bytes: frame, isLast: false };
  return { bytes: damagedFrame(random, frame), isLast: true };
}

function damagedFrame(random: Random, frame: Buffer): Buffer {
  const head = frame.subarray(0, Math.min(14, frame.length));
  for (let change = 0; change <= random.below(3); change++) head[random.below(head.length)] = random.below(256);
  return random.once(3) ? frame.subarray(0, random.below(frame.length)) : frame;
}

/** Returns a client's frame. Its mask is zero, which leaves the bytes unchanged. */
function framed(payload: Buffer, opcode: number): Buffer {
  const { length } = payload;
  const head =
    length < 126
      ? Buffer.from([0x80 | opcode, 0x80 | length])
      : length < 65_536
        ? Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | 127, 0, 0, 0, 0]), uint32(length)]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A client's connection: bytes in, bytes out. */
class FuzzedConnection {
  #received = '';
  #wake: () => void = () => undefined;
  #probes = 0;
  isOpen = true;

  private constructor(
    private readonly peer: Duplex,
    private readonly socket: WebSocket,
    log: Log,
  ) {
    peer.on('data', (bytes: Buffer) => {
      this.#received += bytes.toString('latin1');
      // Closes as a client does. The front would wait for a client that does not.
      if (bytes[0] === CLOSE_FRAME) peer.end();
      this.#wake();
    });
    peer.on('error', () => undefined);
    socket.on('close', () => {
      this.isOpen = false;
      this.#wake();
    });
    serve(socket, log);
  }

  static async open(server: WebSocketServer, log: Log): Promise<FuzzedConnection> {
    const [peer, side] = duplexPair();
    const request = {
      method: 'GET',
      url: '/',
      headers: {
        upgrade: 'websocket',
        connection: 'Upgrade',
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'sec-websocket-version': '13',
      },
    } as unknown as IncomingMessage;
    const socket = await new Promise<WebSocket>((resolve) =>
      server.handleUpgrade(request, side, Buffer.alloc(0), resolve),
    );
    const connection = new FuzzedConnection(peer, socket, log);
    connection.write(
      framed(Buffer.from('{"jsonrpc":"2.0","id":"first","method":"initialize","params":{"capabilities":{}}}'), TEXT),
    );
    await connection.#receive('"id":"first"');
    return connection;
  }

  write(bytes: Buffer): void {
    if (!this.peer.writableEnded) this.peer.write(bytes);
  }

  /** Returns whether the next request is answered. False means that the connection was closed. */
  async probe(): Promise<boolean> {
    const id = `probe-${this.#probes++}`;
    this.write(framed(Buffer.from(`{"jsonrpc":"2.0","id":"${id}","method":"${PROBE_METHOD}"}`), TEXT));
    return this.#receive(`"id":"${id}"`);
  }

  /** Disconnects in the middle of everything. */
  async end(): Promise<boolean> {
    for (let turns = 0; turns < 3; turns++) await turn();
    const closed = once(this.socket, 'close');
    if (this.isOpen) {
      this.socket.terminate();
      await closed;
    }
    this.peer.destroy();
    return false;
  }

  async #receive(text: string): Promise<boolean> {
    while (this.isOpen && !this.#received.includes(text)) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#received = '';
    return this.isOpen;
  }
}

/** Serves a client as the front does, but without the parts that leave the front: models, downloads, the index. */
function serve(socket: WebSocket, log: Log): void {
  const connection = new LspConnection(socket, log, () => undefined);
  const client = new Client(1, connection, '/nowhere');
  handleDocuments(client);
  handleNotebooks(client);
  connection.onRequest('textDocument/inlineCompletion', inlineCompletion, ({ textDocument, position, context }) => {
    const found = completionRequest(client, textDocument.uri, position, {
      explicit: false,
      selected: context.selectedCompletionInfo ?? undefined,
    });
    return { offset: found?.request.offset };
  });
  for (const [method, schema] of otherRequests) {
    const isFirst = method === 'initialize';
    connection.onRequest<unknown>(
      method,
      schema,
      () => (isFirst && !connection.isInitialized ? connection.markInitialized() : null),
      { beforeInitialize: isFirst },
    );
  }
  for (const [method, schema] of otherNotifications)
    connection.onNotification<unknown>(method, schema, () => undefined);
  connection.onNotification<unknown>('exit', otherRequests.get('shutdown')!, () => connection.close(1000, 'exit'));
  connection.listen();
}
