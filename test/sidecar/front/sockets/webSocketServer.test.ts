import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, it } from 'node:test';
import { FrontServer, HANDSHAKE_TIMEOUT_MS } from '../../../../sidecar/front/sockets/webSocketServer.ts';
import { until } from '../support/sidecar.ts';

const REQUEST_LINE = 'GET / HTTP/1.1\r\n';

async function connect(port: number, options: { readonly allowHalfOpen?: boolean } = {}): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', ...options });
  socket.on('error', () => undefined);
  socket.resume();
  await once(socket, 'connect');
  return socket;
}

/** Sends the headers of a handshake. Returns the first line of the response, or that there was none. */
async function finish(socket: net.Socket, headers: Readonly<Record<string, string>>): Promise<string> {
  const all = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    ...headers,
  };
  socket.write(
    `${Object.entries(all)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`,
  );
  const answer = await Promise.race([
    once(socket, 'data') as Promise<[Buffer]>,
    once(socket, 'close').then(() => undefined),
  ]).catch(() => undefined);
  return answer === undefined ? 'closed' : (answer[0].toString('latin1').split('\r\n')[0] ?? '');
}

/** Longer than any test. */
const NEVER_MS = 600_000;

describe('a server that has stopped listening', () => {
  it('still answers handshakes that were under way', async () => {
    const server = new FrontServer({ onConnection: () => undefined, handshakeTimeoutMs: NEVER_MS });
    const port = await server.listen();
    try {
      const [known, stranger] = await Promise.all([connect(port), connect(port)]);
      for (const socket of [known, stranger]) socket.write(REQUEST_LINE);
      // Connections are accepted in order. Once a later connection is answered, these are accepted.
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 426);
      server.stopListening();
      assert.equal(await finish(stranger, { Host: `127.0.0.1:${port}` }), 'HTTP/1.1 401 Unauthorized');
      assert.equal(
        await finish(known, { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${server.token}` }),
        'HTTP/1.1 101 Switching Protocols',
      );
      await assert.rejects(connect(port), { code: 'ECONNREFUSED' });
    } finally {
      server.close();
    }
  });
});

describe('a server with as many refused connections as it allows', () => {
  it('answers a client with the token, though the refused peers keep their sides open', async () => {
    const server = new FrontServer({ onConnection: () => undefined, maxClients: 1 });
    const port = await server.listen();
    const strangers: net.Socket[] = [];
    const handshake = async (socket: net.Socket, headers: Readonly<Record<string, string>> = {}): Promise<string> => {
      socket.write(REQUEST_LINE);
      return finish(socket, { Host: `127.0.0.1:${port}`, ...headers });
    };
    try {
      for (let count = 0; count < 2; count++) {
        const stranger = await connect(port, { allowHalfOpen: true });
        strangers.push(stranger);
        assert.equal(await handshake(stranger), 'HTTP/1.1 401 Unauthorized');
      }
      const answered = async (): Promise<boolean> =>
        (await handshake(await connect(port), { Authorization: `Bearer ${server.token}` })) ===
        'HTTP/1.1 101 Switching Protocols';
      await until(answered, 'the client with the token is let in');
      assert.ok(
        strangers.every(({ writable }) => writable),
        'the refused connections are still open',
      );
    } finally {
      for (const stranger of strangers) stranger.destroy();
      server.close();
    }
  });
});

describe('connections without a handshake', () => {
  it('keep no client out, however many there are: a new connection closes the oldest', async () => {
    const server = new FrontServer({ onConnection: () => undefined, handshakeTimeoutMs: NEVER_MS });
    const port = await server.listen();
    const strangers: net.Socket[] = [];
    try {
      for (let count = 0; count < 300; count++) strangers.push(await connect(port));
      const client = await connect(port);
      client.write(REQUEST_LINE);
      assert.equal(
        await finish(client, { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${server.token}` }),
        'HTTP/1.1 101 Switching Protocols',
      );
      await until(() => strangers[0]?.destroyed === true, 'the oldest is gone');
      assert.equal(strangers.at(-1)?.destroyed, false, 'the newest connection is still open');
      for (let count = 0; count < 300; count++) strangers.push(await connect(port));
      // Connections are accepted in order. Once a later connection is answered, all of these are accepted.
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 426);
      assert.equal(client.destroyed, false, 'an authenticated client stays');
    } finally {
      for (const stranger of strangers) stranger.destroy();
      server.close();
    }
  });

  it('are closed when their time is over, but an authenticated connection is not', async () => {
    const server = new FrontServer({ onConnection: () => undefined, handshakeTimeoutMs: 300 });
    const port = await server.listen();
    try {
      const [stranger, client] = await Promise.all([connect(port), connect(port)]);
      const isGone = once(stranger, 'close');
      client.write(REQUEST_LINE);
      assert.equal(
        await finish(client, { Host: `127.0.0.1:${port}`, Authorization: `Bearer ${server.token}` }),
        'HTTP/1.1 101 Switching Protocols',
      );
      stranger.write(REQUEST_LINE);
      await isGone;
      assert.equal(client.destroyed, false);
    } finally {
      server.close();
    }
  });

  it('have one second by default', () => assert.equal(HANDSHAKE_TIMEOUT_MS, 1_000));
});
