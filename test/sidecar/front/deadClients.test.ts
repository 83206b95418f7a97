import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import WebSocket from 'ws';
import { FrontServer } from '../../../sidecar/front/sockets/webSocketServer.ts';

const PING_MS = 30_000;
const nextCycle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a server with dead clients', () => {
  let server: FrontServer;
  let served: WebSocket[];
  let port: number;
  beforeEach(async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    served = [];
    server = new FrontServer({ onConnection: (socket) => served.push(socket) });
    port = await server.listen();
  });
  afterEach(() => {
    server.close();
    mock.timers.reset();
  });

  async function connect(options: WebSocket.ClientOptions): Promise<WebSocket> {
    const client = new WebSocket(`ws://127.0.0.1:${port}`, {
      headers: { authorization: `Bearer ${server.token}` },
      ...options,
    });
    client.on('error', () => undefined);
    await once(client, 'open');
    return client;
  }

  it('closes a connection whose client has not answered the last ping when the next is due, and no other', async () => {
    const lively = await connect({});
    const dead = await connect({ autoPong: false });
    const isGone = once(dead, 'close');
    for (let round = 0; round < 3; round++) {
      const answered = once(served[0] as WebSocket, 'pong');
      mock.timers.tick(PING_MS);
      await answered;
    }
    await isGone;
    assert.equal(lively.readyState, WebSocket.OPEN);
  });
});

describe('a server that refuses a handshake', () => {
  it('closes the connection of a peer that keeps its own side open after the refusal', async () => {
    const server = new FrontServer({ onConnection: () => undefined });
    const port = await server.listen();
    // The time limit of a refusal never runs out here.
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const stranger = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      let isGone = false;
      stranger.on('error', () => (isGone = true));
      stranger.resume();
      stranger.write('GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
      await once(stranger, 'end');
      // The system refuses a write to a socket that the peer has closed.
      while (!isGone) {
        stranger.write('x');
        await nextCycle();
      }
    } finally {
      mock.timers.reset();
      server.close();
    }
  });

  it('reads no more than 8 KiB of headers', async () => {
    const server = new FrontServer({ onConnection: () => undefined });
    const port = await server.listen();
    try {
      const statusOf = async (bytes: number): Promise<string> => {
        const stranger = net.connect({ port, host: '127.0.0.1' });
        stranger.on('error', () => undefined);
        stranger.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX: ${'x'.repeat(bytes)}\r\n\r\n`);
        const [answer] = (await once(stranger, 'data')) as [Buffer];
        stranger.destroy();
        return answer.toString('latin1').split(' ')[1] ?? '';
      };
      assert.deepEqual([await statusOf(8_000), await statusOf(8_300)], ['426', '431']);
    } finally {
      server.close();
    }
  });
});
