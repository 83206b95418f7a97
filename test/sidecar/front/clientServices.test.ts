import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ChatService } from '../../../sidecar/chat/chatService.ts';
import { CompletionService } from '../../../sidecar/completion/completionService.ts';
import { StatisticsCounter } from '../../../sidecar/completion/statistics.ts';
import type { CompletionRequest } from '../../../sidecar/completion/request.ts';
import type { ServerSettings } from '../../../sidecar/protocol/client.ts';
import { ClientServices } from '../../../sidecar/front/clientServices.ts';
import { FrontModelSession } from '../../../sidecar/front/modelSession.ts';
import { RetryDelay } from '../../../sidecar/front/retryDelay.ts';
import { ScriptedEngine } from '../completion/scriptedEngine.ts';
import { chatStream, ScriptedServer, silence, status, textStream } from '../remoteServers/scriptedServer.ts';

const code = 'function add(a, b) {\n  return ';
const completion: CompletionRequest = {
  uri: 'file:///a.js',
  languageId: 'javascript',
  text: `${code}\n}\n`,
  offset: code.length,
  explicit: false,
  clientKey: '1',
  settings: { minDebounceMs: 0 },
};
const question = { conversationId: 'c', messages: [{ role: 'user', content: 'What is a stack?' }] } as const;
const never = new AbortController().signal;

async function withServices(
  work: (parts: {
    services: ClientServices;
    server: ScriptedServer;
    engine: ScriptedEngine;
    use: (settings?: Partial<ServerSettings>) => void;
  }) => Promise<void>,
): Promise<void> {
  await using server = await ScriptedServer.start();
  const engine = new ScriptedEngine();
  engine.answer = () => 'local';
  const session = new FrontModelSession({
    engine,
    defaultModelPath: async () => '/models/scripted.gguf',
    retryDelay: new RetryDelay(),
    onStatus: () => undefined,
  });
  const statistics = new StatisticsCounter();
  const services = new ClientServices({
    completions: new CompletionService({ session, statistics }),
    chatService: new ChatService({ session }),
    session,
    statistics,
    onStatusChanged: () => undefined,
  });
  await work({
    services,
    server,
    engine,
    use: (settings) => services.configure({ url: server.url, model: 'test-model', ...settings }),
  });
}

describe('ClientServices', () => {
  it('uses the model on this machine, unless the client chose a server', () =>
    withServices(async ({ services, server }) => {
      assert.equal((await services.chat(question, {}, () => undefined)).text, 'local');
      assert.equal(services.status.server, undefined);
      assert.equal(server.requests.length, 0);
    }));

  it('uses the server for completion and chat, and does not load the local model', () =>
    withServices(async ({ services, server, engine, use }) => {
      use();
      server.on('completions', textStream(['a + b;', '\n}']));
      server.on('chat/completions', chatStream(['A list.']));
      const [first] = await services.complete(completion, never);
      assert.equal(first?.text, 'a + b;');
      assert.equal((await services.chat(question, {}, () => undefined)).text, 'A list.');
      assert.equal(engine.generations.length, 0);
      const { modelName, contextSizeTokens, server: said } = services.status;
      assert.deepEqual({ modelName, contextSizeTokens }, { modelName: 'test-model', contextSizeTokens: 4096 });
      assert.deepEqual(said, {
        host: new URL(server.url).host,
        model: 'test-model',
        leavesMachine: false,
        reasonsForLocal: [],
      });
    }));

  it('reads ahead at the resting cursor of a client without a server', () =>
    withServices(async ({ services, engine, use, server }) => {
      // Loads the model.
      await services.complete(completion, never);
      const resting = { ...completion, text: `${'const one = 1;\n'.repeat(3)}const two = `, offset: 57 };
      use();
      await services.cursorRests(resting);
      assert.equal(engine.generations.length, 1);
      assert.equal(server.requests.length, 0);
      services.configure(undefined);
      await services.cursorRests(resting);
      assert.equal(engine.generations.length, 2);
    }));

  it('does not tell a server that it runs on the user’s machine', () =>
    withServices(async ({ services, server, use }) => {
      use();
      server.on('chat/completions', chatStream(['A list.']));
      await services.chat(question, {}, () => undefined);
      assert.doesNotMatch(JSON.stringify(server.requestsTo('chat/completions')[0]?.body), /own machine/);
    }));

  it('uses the local model if the server does not answer, and shows the reason until the server answers again', () =>
    withServices(async ({ services, server, use }) => {
      use();
      server.on('chat/completions', status(401, {}));
      const said: string[] = [];
      assert.equal((await services.chat(question, {}, ({ text }) => said.push(text))).text, 'local');
      assert.equal(said.join(''), 'local');
      assert.match(services.status.server?.reasonsForLocal.join() ?? '', /refuses the key/);
      assert.equal(services.status.modelName, 'test-model');
      await services.chat(question, {}, () => undefined);
      assert.equal(server.requestsTo('chat/completions').length, 1);

      server.on('completions', textStream(['a + b;', '\n}']));
      assert.equal((await services.complete(completion, never))[0]?.text, 'a + b;', 'completion is not chat');

      server.on('chat/completions', chatStream(['A list.']));
      await services.load();
      assert.equal((await services.chat(question, {}, () => undefined)).text, 'A list.');
      assert.deepEqual(services.status.server?.reasonsForLocal, []);
    }));

  it('stays with the server if part of its answer was shown', () =>
    withServices(async ({ services, server, engine, use }) => {
      use();
      server.on('chat/completions', chatStream(['A list of'], { isCut: true, pauseMs: 20 }));
      const said: string[] = [];
      await assert.rejects(
        services.chat(question, { language: 'en' }, ({ text }) => said.push(text)),
        { code: 'server-failed' },
      );
      assert.equal(engine.generations.length, 0);
    }));

  it('uses the local model if the address is invalid, and says why in the status', () =>
    withServices(async ({ services, use }) => {
      use({ url: 'gopher://x' });
      assert.equal((await services.chat(question, {}, () => undefined)).text, 'local');
      assert.equal(services.status.state, 'trouble');
      assert.match(services.status.trouble?.message ?? '', /begins with https/);
      await assert.rejects(services.load(), { code: 'invalid-input' });
      services.configure(undefined);
      assert.notEqual(services.status.state, 'trouble');
    }));

  const changes: readonly [name: string, script: ReturnType<typeof status>, debounceMs: number][] = [
    ['has not begun to answer', silence, 0],
    [
      'is in the middle of an answer',
      (response) =>
        void response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .write('data: {"choices":[{"text":"a +"}]}\n\n'),
      0,
    ],
    ['is about to be asked again', status(503, {}, { 'retry-after': '5' }), 0],
    ['is about to be asked', textStream(['a + b;', '\n}']), 5_000],
  ];
  for (const [name, script, debounceMs] of changes) {
    it(`uses the local model as soon as the client leaves a server that ${name}`, () =>
      withServices(async ({ services, server, use }) => {
        use();
        await services.load();
        server.on('completions', script);
        const answer = services.complete({ ...completion, settings: { minDebounceMs: debounceMs } }, never);
        while (debounceMs === 0 && server.requestsTo('completions').length === 0) await sleep(5);
        await sleep(50);
        services.configure(undefined);
        const left = server.requestsTo('completions').map((request) => request.left);
        assert.equal((await answer)[0]?.text, 'local');
        if (name !== 'is about to be asked again') await Promise.all(left);
        await sleep(500);
        assert.equal(server.requestsTo('completions').length, debounceMs === 0 ? 1 : 0);
        assert.equal(services.status.server, undefined);
      }));
  }

  it('ends an answer of a server that the client leaves if part of the answer was shown', () =>
    withServices(async ({ services, server, engine, use }) => {
      use();
      server.on(
        'chat/completions',
        chatStream(
          Array.from({ length: 500 }, () => 'word '),
          { pauseMs: 10 },
        ),
      );
      await assert.rejects(
        services.chat(question, { language: 'en' }, () => services.configure(undefined)),
        { code: 'server-unavailable', message: /is no longer used/ },
      );
      await server.requestsTo('chat/completions')[0]?.left;
      assert.equal(engine.generations.length, 0);
    }));

  it('does not repeat a cached completion after a workspace reset', () =>
    withServices(async ({ services, server, use }) => {
      use();
      server.on('completions', textStream(['a + b;', '\n}']));
      for (const expected of [1, 1, 2]) {
        if (expected === 2) services.workspaceReset(completion.clientKey);
        await services.complete(completion, never);
        assert.equal(server.requestsTo('completions').length, expected);
      }
    }));

  it('sends a server no requests ahead of the user', () =>
    withServices(async ({ services, server, use }) => {
      use();
      server.on('completions', textStream(['a + b;', '\n}']));
      const workspace = {
        snippets: async () => [],
        texts: async () => [],
        whenUsable: async () => undefined,
        isWhole: true,
        has: () => true,
        pathOf: () => 'a.js',
      };
      await services.complete({ ...completion, workspace, contextSettings: { readAhead: true } }, never);
      assert.equal(server.requestsTo('completions').length, 1);
    }));
});
