import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseServerAddress } from '../../../sidecar/remoteServers/serverAddress.ts';
import { ServerConnection } from '../../../sidecar/remoteServers/serverConnection.ts';
import { serverFetch, type ServerRoute } from '../../../sidecar/remoteServers/serverFetch.ts';
import type { Resolve } from '../../../sidecar/common/http/checkedLookup.ts';
import { ScriptedServer } from './scriptedServer.ts';

/** Resolves names from a list, one entry per call. The last entry repeats. */
function names(...answers: readonly string[][]): Resolve & { times: number } {
  const resolve = (...[, , callback]: Parameters<Resolve>): void => {
    const addresses = answers[Math.min(resolve.times++, answers.length - 1)] ?? [];
    if (addresses.length === 0)
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND gpu.example'), { code: 'ENOTFOUND' }), []);
    else
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
  };
  resolve.times = 0;
  return resolve;
}

async function list(server: ScriptedServer, route: Omit<ServerRoute, 'address'>): Promise<unknown> {
  const address = parseServerAddress(server.url.replace('127.0.0.1', 'gpu.example'));
  return new ServerConnection({
    address,
    allowHttp: route.allowHttp,
    fetch: serverFetch({ address, ...route }),
  }).readJson({ path: 'models', timeoutMs: 5_000, patience: { retries: 0, maxWaitMs: 0 } });
}

describe('an unencrypted request to a host name', () => {
  it('reaches a private address, without a proxy', async () => {
    await using server = await ScriptedServer.start();
    assert.ok(await list(server, { resolve: names(['127.0.0.1']), network: { proxy: 'http://127.0.0.1:1' } }));
  });

  it('reaches the address that was checked, even if the name changes a moment later', async () => {
    await using server = await ScriptedServer.start();
    const resolve = names(['127.0.0.1'], ['8.8.8.8']);
    assert.ok(await list(server, { resolve }));
    assert.equal(resolve.times, 1);
  });

  for (const addresses of [['8.8.8.8'], ['127.0.0.1', '8.8.8.8'], ['2001:4860::8888'], ['::ffff:8.8.8.8']]) {
    it(`does not reach ${addresses.join(' or ')}`, async () => {
      await using server = await ScriptedServer.start();
      await assert.rejects(list(server, { resolve: names(addresses) }), {
        code: 'invalid-input',
        message: /^gpu\.example is on a public network.*chorus\.server\.allowHttp/,
      });
      assert.equal(server.requests.length, 0);
    });
  }

  it('fails if the name has no address, even if it gets one a moment later', async () => {
    await using server = await ScriptedServer.start();
    await assert.rejects(list(server, { resolve: names([], ['8.8.8.8']) }), {
      code: 'server-unavailable',
      message: /can not be reached: getaddrinfo ENOTFOUND/,
    });
  });
});
