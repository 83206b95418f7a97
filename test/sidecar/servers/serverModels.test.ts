import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseServerAddress } from '../../../sidecar/servers/serverAddress.ts';
import { ServerConnection } from '../../../sidecar/servers/serverConnection.ts';
import { serverFetch } from '../../../sidecar/servers/serverFetch.ts';
import { listModelsIfAny } from '../../../sidecar/servers/serverModels.ts';
import { body, json, ScriptedServer, status, type Script } from './scriptedServer.ts';

async function list(script: Script): Promise<readonly string[]> {
  await using server = await ScriptedServer.start();
  server.on('models', script);
  const address = parseServerAddress(server.url);
  return (await listModelsIfAny(new ServerConnection({ address, fetch: serverFetch({ address }) }))).map(({ id }) => id);
}

describe("a server's list of models", () => {
  it('is what it says', async () => assert.deepEqual(await list(json({ data: [{ id: 'one' }, { id: 'two' }] })), ['one', 'two']));

  for (const code of [404, 405, 501]) {
    it(`is empty where the server has none (${code})`, async () => assert.deepEqual(await list(status(code, {})), []));
  }

  const troubles: readonly [name: string, script: Script, message: RegExp][] = [
    ['refuses the key', status(401, {}), /refuses the key/],
    ['is none of an OpenAI-compatible API', body('text/html', '<html>'), /expected JSON/],
  ];
  for (const [name, script, message] of troubles) {
    it(`is not empty where the server ${name}`, () => assert.rejects(list(script), { code: 'server-unavailable', message }));
  }
});
