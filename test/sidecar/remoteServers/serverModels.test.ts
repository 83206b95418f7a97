import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseServerAddress } from '../../../sidecar/remoteServers/serverAddress.ts';
import { ServerConnection } from '../../../sidecar/remoteServers/serverConnection.ts';
import { serverFetch } from '../../../sidecar/remoteServers/serverFetch.ts';
import { listModelsIfAny, type ListedModel } from '../../../sidecar/remoteServers/serverModels.ts';
import { body, json, ScriptedServer, status, type Script } from './scriptedServer.ts';

async function listed(script: Script, key?: string): Promise<readonly ListedModel[]> {
  await using server = await ScriptedServer.start();
  server.on('models', script);
  const address = parseServerAddress(server.url);
  return await listModelsIfAny(new ServerConnection({ address, key, fetch: serverFetch({ address }) }));
}

async function list(script: Script, key?: string): Promise<readonly string[]> {
  return (await listed(script, key)).map(({ id }) => id);
}

describe("a server's list of models", () => {
  it('contains the server’s models', async () =>
    assert.deepEqual(await list(json({ data: [{ id: 'one' }, { id: 'two' }] })), ['one', 'two']));

  it('omits names that contain the key', async () =>
    assert.deepEqual(await list(json({ data: [{ id: 'one' }, { id: 'two for sk-secret-0815' }] }), 'sk-secret-0815'), [
      'one',
    ]));
  it('keeps names that contain a placeholder for a key', async () =>
    assert.deepEqual(await list(json({ data: [{ id: 'ollama/one' }] }), 'ollama'), ['ollama/one']));

  const sizes: readonly [said: object, expected: number | undefined][] = [
    [{ context_length: 2 ** 24 }, 2 ** 24],
    [{ context_length: 2 ** 24 + 1 }, undefined],
    [{ context_length: 1e300 }, undefined],
    [{ context_length: -1 }, undefined],
    [{ max_model_len: 1e15, context_length: 4096 }, 4096],
  ];
  for (const [said, expected] of sizes) {
    it(`reads ${JSON.stringify(said)} as a context of ${expected ?? 'unknown'} tokens`, async () =>
      assert.equal((await listed(json({ data: [{ id: 'one', ...said }] })))[0]?.contextSizeTokens, expected));
  }

  for (const code of [404, 405, 501]) {
    it(`is empty if the server has none (${code})`, async () => assert.deepEqual(await list(status(code, {})), []));
  }

  const troubles: readonly [name: string, script: Script, message: RegExp][] = [
    ['refuses the key', status(401, {}), /refuses the key/],
    ['has no OpenAI-compatible API', body('text/html', '<html>'), /expected JSON/],
  ];
  for (const [name, script, message] of troubles) {
    it(`cannot be read if the server ${name}`, () =>
      assert.rejects(list(script), { code: 'server-unavailable', message }));
  }
});
