import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { allowedServer, ServerSecrets } from '../../../extension/remoteServers/serverSecrets.ts';

/** The used part of VS Code's secret storage. */
function storage(): ConstructorParameters<typeof ServerSecrets>[0] {
  const kept = new Map<string, string>();
  return {
    get: async (name) => kept.get(name),
    store: async (name, value) => void kept.set(name, value),
    delete: async (name) => void kept.delete(name),
  };
}

const chosen = { url: 'https://gpu.example.com:8000/v1', model: 'coder' };

describe('a server in the settings', () => {
  it("is not used before the user allowed it, since a dev container's settings may name it", async () => {
    const secrets = new ServerSecrets(storage());
    await secrets.keepKey(chosen.url, 'sk-1');
    assert.equal(allowedServer(chosen, undefined), undefined);
    assert.equal(allowedServer(chosen, await secrets.of(chosen.url)), undefined);
  });

  it('is used with its key once it is allowed, whatever its path', async () => {
    const secrets = new ServerSecrets(storage());
    await secrets.keepKey(chosen.url, 'sk-1');
    await secrets.allow(chosen.url);
    assert.deepEqual(allowedServer(chosen, await secrets.of(chosen.url)), { ...chosen, key: 'sk-1' });
    const other = { ...chosen, url: 'https://gpu.example.com:8000/other/v1' };
    assert.deepEqual(allowedServer(other, await secrets.of(other.url)), { ...other, key: 'sk-1' });
  });

  for (const url of [
    'https://gpu.example.com/v1',
    'http://gpu.example.com:8000/v1',
    'https://gpu.example.com.evil.example:8000/v1',
    'none',
  ]) {
    it(`is not used if another server was allowed: ${url}`, async () => {
      const secrets = new ServerSecrets(storage());
      await secrets.keepKey(chosen.url, 'sk-1');
      await secrets.allow(chosen.url);
      assert.equal(allowedServer({ ...chosen, url }, await secrets.of(url)), undefined);
      // The settings changed while the storage was read.
      assert.equal(allowedServer({ ...chosen, url }, await secrets.of(chosen.url)), undefined);
      assert.equal(await secrets.keyOf(url), undefined);
    });
  }

  it('is not used after the user returned to the local model, and its key stays', async () => {
    const secrets = new ServerSecrets(storage());
    await secrets.keepKey(chosen.url, 'sk-1');
    await secrets.allow(chosen.url);
    await secrets.forbid(chosen.url);
    assert.equal(allowedServer(chosen, await secrets.of(chosen.url)), undefined);
    assert.equal(await secrets.keyOf(chosen.url), 'sk-1');
    await secrets.keepKey(chosen.url, '');
    assert.equal(await secrets.keyOf(chosen.url), undefined);
  });
});
