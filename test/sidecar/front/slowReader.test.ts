import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import WebSocket from 'ws';
import { z } from 'zod';
import { MAX_FRAME_BYTES } from '../../../sidecar/protocol/client.ts';
import { notification } from '../../../sidecar/protocol/messages.ts';
import { LspConnection } from '../../../sidecar/front/lspConnection.ts';
import { FrontServer } from '../../../sidecar/front/sockets/webSocketServer.ts';

/** Two frames of the largest size may wait for a client. */
const LIMIT_BYTES = 2 * MAX_FRAME_BYTES;
const PIECE = 'x'.repeat(MAX_FRAME_BYTES / 16);
const NOTE = notification<{ readonly text: string }>('note');
const LIMIT_PIECES = LIMIT_BYTES / PIECE.length;
/** The most pieces that the sockets of both sides hold in addition. */
const IN_SOCKETS_PIECES = 8;

/** A server and a client that has stopped reading. */
class SlowReader implements Disposable {
  readonly lines: string[] = [];

  private constructor(
    readonly connection: LspConnection,
    readonly served: WebSocket,
    readonly client: WebSocket,
    private readonly server: FrontServer,
    lines: string[],
  ) {
    this.lines = lines;
  }

  static async connect(): Promise<SlowReader> {
    const lines: string[] = [];
    let accept: (connected: [LspConnection, WebSocket]) => void = () => undefined;
    const accepted = new Promise<[LspConnection, WebSocket]>((resolve) => (accept = resolve));
    const server = new FrontServer({
      onConnection: (socket) => {
        const connection = new LspConnection(
          socket,
          { info: (line) => lines.push(line), error: () => undefined },
          () => undefined,
        );
        connection.onRequest('large', z.undefined(), () => PIECE, { beforeInitialize: true });
        connection.listen();
        accept([connection, socket]);
      },
    });
    const port = await server.listen();
    const client = new WebSocket(`ws://127.0.0.1:${port}`, { headers: { authorization: `Bearer ${server.token}` } });
    await once(client, 'open');
    client.on('error', () => undefined);
    client.pause();
    return new SlowReader(...(await accepted), client, server, lines);
  }

  /** Does `step` until the client is disconnected, or `most` times. Returns the number of steps. */
  async pushUntilCutOff(step: () => void, most: number): Promise<number> {
    for (let count = 0; count < most; count++) {
      if (this.served.readyState !== WebSocket.OPEN) return count;
      step();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return most;
  }

  [Symbol.dispose](): void {
    this.client.terminate();
    this.server.close();
  }
}

describe('a client that does not read', () => {
  it('is disconnected when more than two frames of the largest size wait for it, with a line in the log', async () => {
    using reader = await SlowReader.connect();
    const pieces = await reader.pushUntilCutOff(
      () => reader.connection.notify(NOTE, { text: PIECE }),
      LIMIT_PIECES + IN_SOCKETS_PIECES,
    );
    assert.ok(
      pieces > LIMIT_PIECES && pieces < LIMIT_PIECES + IN_SOCKETS_PIECES,
      `${pieces} pieces were sent, ${LIMIT_PIECES} may wait`,
    );
    assert.equal(reader.lines[0], 'A client that does not read was disconnected');
  });

  it('is disconnected for waiting responses as well as for notifications', async () => {
    using reader = await SlowReader.connect();
    let id = 0;
    const ask = (): void => reader.client.send(JSON.stringify({ jsonrpc: '2.0', id: id++, method: 'large' }));
    await reader.pushUntilCutOff(ask, 100 * LIMIT_PIECES);
    assert.notEqual(reader.served.readyState, WebSocket.OPEN, 'the client was disconnected');
    assert.equal(reader.lines[0], 'A client that does not read was disconnected');
  });
});
