import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import { after, before, describe, it } from 'node:test';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import { RawClient } from './support/rawClient.ts';
import { TestHome } from './support/sidecar.ts';
import { STATUS_REQUEST } from '../../../sidecar/protocol/client.ts';

describe('the handshake', () => {
  let home: TestHome;
  let state: SidecarState;

  before(async () => {
    home = await TestHome.create();
    state = await home.start();
  });
  after(() => home[Symbol.asyncDispose]());

  /** Sends an upgrade request as it is. Returns status and headers of the response. */
  function upgrade(headers: Record<string, string>): Promise<{ status: number; headers: http.IncomingHttpHeaders }> {
    return new Promise((resolve, reject) => {
      const request = http.request({
        host: '127.0.0.1',
        port: state.port,
        headers: {
          connection: 'Upgrade',
          upgrade: 'websocket',
          'sec-websocket-version': '13',
          'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
          ...headers,
        },
      });
      request.on('upgrade', (response, socket) => {
        socket.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
      request.on('response', (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      });
      request.on('error', reject);
      request.end();
    });
  }
  const bearer = (): Record<string, string> => ({ authorization: `Bearer ${state.token}` });

  it('accepts the token of the state file, and proves that it wrote the file', async () => {
    const answer = await upgrade(bearer());
    assert.equal(answer.status, 101);
    assert.equal(answer.headers['chorus-server-token'], state.serverToken);
  });

  it('accepts "localhost" as the host', async () => {
    assert.equal((await upgrade({ ...bearer(), host: `localhost:${state.port}` })).status, 101);
  });

  const refused: [string, () => Record<string, string>, number][] = [
    ['no token', () => ({}), 401],
    ['a wrong token', () => ({ authorization: `Bearer ${'A'.repeat(43)}` }), 401],
    ['a token with one character more', () => ({ authorization: `Bearer ${state.token}x` }), 401],
    ['the beginning of the token', () => ({ authorization: `Bearer ${state.token.slice(0, -1)}` }), 401],
    ['an empty token', () => ({ authorization: 'Bearer ' }), 401],
    ['another scheme', () => ({ authorization: `Basic ${state.token}` }), 401],
    ['the token in a query only', () => ({ path: `/?token=${state.token}` }), 401],
    ['the Origin of a web page', () => ({ ...bearer(), origin: 'https://example.com' }), 403],
    ['its own address as Origin', () => ({ ...bearer(), origin: `http://127.0.0.1:${state.port}` }), 403],
    ['the Origin "null"', () => ({ ...bearer(), origin: 'null' }), 403],
    ['a foreign Host (DNS rebinding)', () => ({ ...bearer(), host: `example.com:${state.port}` }), 403],
    ['a Host without the port', () => ({ ...bearer(), host: '127.0.0.1' }), 403],
    ['a Host with another port', () => ({ ...bearer(), host: `127.0.0.1:${state.port + 1}` }), 403],
  ];
  for (const [what, headers, status] of refused) {
    it(`refuses ${what} with ${status} and does not prove its identity`, async () => {
      const answer = await upgrade(headers());
      assert.equal(answer.status, status);
      assert.equal(answer.headers['chorus-server-token'], undefined);
    });
  }

  it('answers plain HTTP with 426', async () => {
    const response = await fetch(`http://127.0.0.1:${state.port}/`, { headers: bearer() });
    assert.equal(response.status, 426);
  });

  it('closes a connection that never finishes its handshake', async () => {
    const socket = net.connect(state.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    socket.write('GET / HTTP/1.1\r\nHost: ');
    await new Promise((resolve) => socket.once('close', resolve));
  });

  it('listens only on 127.0.0.1, of all addresses of this machine', async () => {
    const isAnswered = (address: string, port: number): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = net.connect(port, address, () => resolve(true)).once('error', () => resolve(false));
        socket.once('connect', () => socket.destroy());
      });
    // The addresses depend on the system. A server that listens on all of them shows which work.
    const own = Object.values(os.networkInterfaces()).flatMap((addresses = []) =>
      addresses.map(({ address, scopeid }) => (scopeid ? undefined : address)),
    );
    const everywhere = net.createServer((socket) => socket.destroy()).listen(0);
    await once(everywhere, 'listening');
    try {
      const { port } = everywhere.address() as net.AddressInfo;
      const reached: string[] = [];
      for (const address of new Set(['127.0.0.1', '127.0.0.2', '::1', ...own]))
        if (address !== undefined && (await isAnswered(address, port))) reached.push(address);
      assert.ok(
        reached.length >= 2 && reached.includes('127.0.0.1'),
        `this machine reaches itself only by ${reached.join(', ')}`,
      );
      const answered: string[] = [];
      for (const address of reached) if (await isAnswered(address, state.port)) answered.push(address);
      assert.deepEqual(answered, ['127.0.0.1']);
    } finally {
      everywhere.close();
    }
  });

  it('accepts 64 clients, refuses the next with a reason, and gives a free place to a new client', async () => {
    const clients = await Promise.all(Array.from({ length: 64 }, () => RawClient.connect(state)));
    const answer = await upgrade(bearer());
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['chorus-server-token'], state.serverToken);
    await clients[0]?.[Symbol.asyncDispose]();
    assert.equal((await upgrade(bearer())).status, 101);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  });

  it('still serves after all this', async () => {
    await using client = await RawClient.initialized(state);
    assert.deepEqual(await client.request(STATUS_REQUEST, undefined), { state: 'idle' });
  });
});
