import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import {
  CHAT_REQUEST,
  DIAGNOSTICS_REQUEST,
  LOAD_REQUEST,
  SERVER_MODELS_REQUEST,
  STATUS_REQUEST,
  type ChatParams,
  type SidecarStatus,
} from '../../../sidecar/protocol/client.ts';
import { RawClient } from '../front/support/rawClient.ts';
import { TestHome } from '../front/support/sidecar.ts';
import { chatStream, json, ScriptedServer, status, type SeenRequest } from './scriptedServer.ts';

const KEY = 'sk-do-not-keep-me';
const question: ChatParams = { conversationId: 'c', messages: [{ role: 'user', content: 'What is a stack?' }] };

let home: TestHome;
let server: ScriptedServer;
before(async () => {
  home = await TestHome.create();
  server = await ScriptedServer.start();
});
after(async () => {
  await server[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

describe('the sidecar with a server', () => {
  it('lists the server’s models', async () => {
    await using client = await RawClient.initialized(await home.start());
    server.on('models', json({ data: [{ id: 'one' }, { id: 7 }, null, { id: 'two', context_length: 32_768 }] }));
    const models = await client.request(SERVER_MODELS_REQUEST, {
      url: server.url,
      key: KEY,
    });
    assert.deepEqual(models, [{ id: 'one' }, { id: 'two', contextSizeTokens: 32_768 }]);
  });

  it('uses the server only for the client that chose it, and keeps its key in memory', async () => {
    const state = await home.start();
    server.on('chat/completions', chatStream(['A list.']));
    await using one = await RawClient.initialized(state, {
      initializationOptions: { clientKind: 'test', settings: { server: { url: server.url, model: 'one', key: KEY } } },
    });
    await using other = await RawClient.initialized(state);
    assert.equal((await one.request(CHAT_REQUEST, question)).text, 'A list.');
    assert.equal(server.requestsTo('chat/completions')[0]?.headers.authorization, `Bearer ${KEY}`);
    const seenBy = async (client: RawClient): Promise<SidecarStatus> => await client.request(STATUS_REQUEST, undefined);
    assert.equal((await seenBy(one)).server?.model, 'one');
    assert.equal((await seenBy(other)).server, undefined);

    const diagnosis = await one.request(DIAGNOSTICS_REQUEST, undefined);
    assert.match(diagnosis.text, /server: 127\.0\.0\.1:\d+, one/);
    assert.ok(!diagnosis.text.includes(KEY));
    for (const file of await readdir(home.folder, { recursive: true, withFileTypes: true })) {
      if (file.isFile())
        assert.ok(!(await readFile(path.join(file.parentPath, file.name), 'utf8')).includes(KEY), file.name);
    }
  });

  it('reports a server that repeats the key, without the key', async () => {
    server.on('models', (response, { headers }) =>
      status(401, { error: { message: `You sent ${headers.authorization}` } })(response, {} as SeenRequest),
    );
    await using client = await RawClient.initialized(await home.start(), {
      initializationOptions: { clientKind: 'test', settings: { server: { url: server.url, model: 'one', key: KEY } } },
    });
    await assert.rejects(
      client.request(LOAD_REQUEST, undefined),
      /refuses the key \(401\).* It says: You sent Bearer \[key\]/,
    );
    await client.request(CHAT_REQUEST, question).catch(() => undefined);
    const told = JSON.stringify([
      await client.request(STATUS_REQUEST, undefined),
      await client.request(DIAGNOSTICS_REQUEST, undefined),
    ]);
    assert.match(told, /not by the server: .*refuses the key.*\[key\]/);
    assert.ok(!told.includes(KEY));
  });

  it('refuses a key with line breaks', async () => {
    await using client = await RawClient.initialized(await home.start());
    await assert.rejects(
      client.request(SERVER_MODELS_REQUEST, { url: server.url, key: 'a\r\nX-Other: b' }),
      /params\.key: expected visible ASCII/,
    );
  });
});
