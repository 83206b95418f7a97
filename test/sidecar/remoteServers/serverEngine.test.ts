import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Engine } from '../../../sidecar/engine/engine.ts';
import type { ServerSettings } from '../../../sidecar/protocol/client.ts';
import type { EngineGenerateParams } from '../../../sidecar/protocol/engine.ts';
import { parseServerAddress } from '../../../sidecar/remoteServers/serverAddress.ts';
import { ServerConnection } from '../../../sidecar/remoteServers/serverConnection.ts';
import { ServerEngine } from '../../../sidecar/remoteServers/serverEngine.ts';
import { serverFetch } from '../../../sidecar/remoteServers/serverFetch.ts';
import { ServerSession } from '../../../sidecar/remoteServers/serverSession.ts';
import { encodeMessages, encodePieces, Marks } from '../../../sidecar/remoteServers/serverTokens.ts';
import { withEnoughTime } from '../../enoughTime.ts';
import {
  body,
  chatStream,
  json,
  ScriptedServer,
  silence,
  stall,
  status,
  textStream,
  type Script,
  type SeenRequest,
} from './scriptedServer.ts';

const text: Omit<EngineGenerateParams, 'requestId'> = {
  sequence: 's',
  priority: 'chat',
  tokens: encodePieces('def add(a, b):\n    '),
  maxTokens: 32,
  sampling: { temperature: 0 },
};
const messages = [{ role: 'user', content: 'What is a stack?' }];
const question = { ...text, tokens: encodeMessages(messages) };

async function withServer(
  work: (server: ScriptedServer, engine: (settings?: Partial<ServerSettings>) => Engine) => Promise<void>,
): Promise<void> {
  await using server = await ScriptedServer.start();
  await work(server, (settings) => new ServerSession({ url: server.url, model: 'test-model', ...settings }).engine);
}

describe('ServerEngine', () => {
  it('continues a text', () =>
    withServer(async (server, engine) => {
      server.on('completions', textStream(['return', ' a + b\n']));
      const chunks: string[] = [];
      const result = await engine({ key: 'secret' }).generate(
        { ...text, stop: ['<end>'] },
        { onChunk: ({ text: more }) => chunks.push(more) },
      );
      assert.equal(result.text, 'return a + b\n');
      assert.equal(chunks.join(''), result.text);
      assert.equal(result.stopReason, 'end');
      const [request] = server.requestsTo('completions');
      assert.equal(request?.headers.authorization, 'Bearer secret');
      assert.deepEqual(request?.body, {
        model: 'test-model',
        prompt: 'def add(a, b):\n    ',
        max_tokens: 32,
        temperature: 0,
        stream: true,
        stop: ['<end>'],
      });
    }));

  it('answers a conversation', () =>
    withServer(async (server, engine) => {
      server.on('chat/completions', chatStream(['A list', ' of things.'], { finishReason: 'length' }));
      const result = await engine().generate({
        ...question,
        sampling: { temperature: 0.2, topP: 0.95, topK: 40, seed: 7, repeatPenalty: 1.1 },
      });
      assert.equal(result.text, 'A list of things.');
      assert.equal(result.stopReason, 'length');
      assert.deepEqual(server.requestsTo('chat/completions')[0]?.body, {
        model: 'test-model',
        messages,
        max_tokens: 32,
        temperature: 0.2,
        top_p: 0.95,
        seed: 7,
        stream: true,
      });
    }));

  it('reads an answer of a server without streaming', () =>
    withServer(async (server, engine) => {
      server.on(
        'chat/completions',
        json({ choices: [{ message: { role: 'assistant', content: 'Whole.' }, finish_reason: 'stop' }] }),
      );
      assert.equal((await engine().generate(question)).text, 'Whole.');
    }));

  const ways: readonly [name: string, settings: Partial<ServerSettings>, expected: object][] = [
    [
      "by the marks of the model's family",
      { fillIn: 'qwen-coder' },
      { prompt: '<|fim_prefix|>bef<|fim_suffix|>after<|fim_middle|>ore' },
    ],
    ['in the order of the family', { model: 'codestral-latest' }, { prompt: '[SUFFIX]after[PREFIX]before' }],
    ['by a suffix', { fillIn: 'suffix' }, { prompt: 'before', suffix: 'after' }],
  ];
  for (const [name, settings, expected] of ways) {
    it(`fills in ${name}, with the text that token healing took restored`, () =>
      withServer(async (server, engine) => {
        server.on('completions', textStream([' middle']));
        const filling = engine(settings);
        const spm = settings.model !== undefined;
        const [prefix, suffix, middle] = [Marks.fimPrefix, Marks.fimSuffix, Marks.fimMiddle];
        const tokens = spm
          ? [suffix, ...encodePieces('after'), prefix, ...encodePieces('bef')]
          : [prefix, ...encodePieces('bef'), suffix, ...encodePieces('after'), middle];
        const result = await filling.generate({ ...text, tokens, requiredPrefix: 'ore' });
        assert.equal(result.text, 'ore middle');
        const { prompt, suffix: sent } = server.requestsTo('completions')[0]?.body ?? {};
        assert.deepEqual({ prompt, ...(sent === undefined ? {} : { suffix: sent }) }, expected);
      }));
  }

  for (const [fillIn, expected] of [
    ['qwen-coder', { prompt: '<|fim_prefix|>be<|fim_suffix|>after<|fim_middle|>fore' }],
    ['suffix', { prompt: 'before', suffix: 'after' }],
  ] as const)
    it(`fills in text behind the typed text: ${fillIn}`, () =>
      withServer(async (server, engine) => {
        server.on('completions', textStream([' middle']));
        const tokens = [
          ...[Marks.fimPrefix, ...encodePieces('be'), Marks.fimSuffix, ...encodePieces('after')],
          ...[Marks.fimMiddle, ...encodePieces('fo')],
        ];
        await engine({ fillIn }).generate({ ...text, tokens, requiredPrefix: 're' });
        const { prompt, suffix } = server.requestsTo('completions')[0]?.body ?? {};
        assert.deepEqual({ prompt, ...(suffix === undefined ? {} : { suffix }) }, expected);
      }));

  it('ends at a stop text that the server ignores, and closes the connection', () =>
    withServer(async (server, engine) => {
      server.on(
        'completions',
        textStream(['one', ' <e', 'nd> two', ...Array.from({ length: 200 }, () => ' more')], { pauseMs: 10 }),
      );
      const result = await engine().generate({
        ...text,
        stop: ['a', 'b', 'c', 'd', '<end>'].map((stop) => (stop.length === 1 ? `<${stop}>` : stop)),
      });
      assert.equal(result.text, 'one ');
      assert.equal(result.stopReason, 'stop');
      await server.requestsTo('completions')[0]?.left;
    }));

  it('takes the code of the required block, whatever text precedes it', () =>
    withServer(async (server, engine) => {
      server.on(
        'chat/completions',
        chatStream(['Sure, here', ' it is:\n', '``', '`ts\nconst a', ' = 1;\n', '```\nDone.']),
      );
      const result = await engine().generate({
        ...question,
        tokens: [...question.tokens, ...encodePieces('```ts\n')],
        stop: ['\n```'],
      });
      assert.equal(result.text, 'const a = 1;');
      assert.equal(server.requestsTo('chat/completions')[0]?.body['stop'], undefined);
    }));

  for (const [name, start] of [
    ['', ''],
    [', also while the required block is missing', '```ts\n'],
  ] as const) {
    it(`ends if a server writes far more than requested${name}`, () =>
      withServer(async (server, engine) => {
        server.on(
          'chat/completions',
          chatStream(
            Array.from({ length: 500 }, () => '0123456789\n'),
            { pauseMs: 1 },
          ),
        );
        const result = await engine().generate({
          ...question,
          tokens: [...question.tokens, ...encodePieces(start)],
          maxTokens: 4,
        });
        assert.equal(result.text, '0123456789\n'.repeat(6).slice(0, 64));
        assert.equal(result.stopReason, 'length');
        await server.requestsTo('chat/completions')[0]?.left;
      }));
  }

  it('closes the connection when the answer is no longer needed', () =>
    withServer(async (server, engine) => {
      server.on(
        'chat/completions',
        chatStream(
          Array.from({ length: 500 }, () => 'word '),
          { pauseMs: 10 },
        ),
      );
      const cancel = new AbortController();
      const result = await engine().generate(question, { signal: cancel.signal, onChunk: () => cancel.abort() });
      assert.equal(result.stopReason, 'cancelled');
      assert.match(result.text, /^(word )+$/);
      await server.requestsTo('chat/completions')[0]?.left;
    }));

  it('closes the connection also before the server has begun to answer', () =>
    withServer(async (server, engine) => {
      server.on('chat/completions', silence);
      const cancel = new AbortController();
      const generating = engine().generate(question, { signal: cancel.signal });
      while (server.requestsTo('chat/completions').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      cancel.abort();
      assert.equal((await generating).stopReason, 'cancelled');
      await server.requestsTo('chat/completions')[0]?.left;
    }));
});

describe('a busy or failing server', () => {
  it('gets a retry after the time that it asks for', () =>
    withServer(async (server, engine) => {
      server.on(
        'chat/completions',
        status(429, { error: { message: 'Slow down' } }, { 'retry-after': '0' }),
        status(503, {}),
        chatStream(['Here.']),
      );
      assert.equal((await engine().generate(question)).text, 'Here.');
      assert.equal(server.requestsTo('chat/completions').length, 3);
    }));

  it('is not waited for longer than a user would wait', () =>
    withServer(async (server, engine) => {
      server.on('chat/completions', status(429, { error: { message: 'Slow down' } }, { 'retry-after': '3600' }));
      await assert.rejects(engine().generate(question), {
        name: 'TroubleError',
        code: 'server-unavailable',
        message: /has more requests than it takes \(429\)\. It says: Slow down/,
        options: { retryAfterMs: 600_000 },
      });
      assert.equal(server.requestsTo('chat/completions').length, 1);
    }));

  it('gets at most two requests for a user who types', () =>
    withServer(async (server, engine) => {
      server.on('completions', status(500, 'Internal error'));
      await assert.rejects(engine().generate({ ...text, priority: 'completion' }), {
        code: 'server-unavailable',
        message: /failed \(500\)/,
      });
      assert.equal(server.requestsTo('completions').length, 2);
    }));

  const answers: readonly [name: string, script: ReturnType<typeof status>, code: string, message: RegExp][] = [
    [
      'refuses the key',
      status(401, { error: { message: 'Bad key' } }),
      'server-unavailable',
      /refuses the key \(401\)/,
    ],
    [
      'does not have the model',
      status(404, { detail: 'Unknown model' }),
      'server-unavailable',
      /not this model \(404\).*Unknown model/,
    ],
    [
      'refuses the request',
      status(400, { detail: [{ msg: 'Field required', input: 'secret code' }] }),
      'server-failed',
      /refused the request.*It says: Field required$/,
    ],
    [
      'redirects',
      status(307, {}, { location: 'https://elsewhere.example.com/v1' }),
      'server-unavailable',
      /redirection \(307\), which is not followed/,
    ],
    [
      'sends a page',
      body('text/html', '<html>Log in</html>'),
      'server-unavailable',
      /content type "text\/html", expected text\/event-stream/,
    ],
    ['sends no type', (response) => void response.writeHead(200).end('x'), 'server-unavailable', /content type ""/],
    [
      'sends half of a JSON',
      body('application/json', '{"choices": ['),
      'server-unavailable',
      /13 characters \(application\/json\), expected JSON/,
    ],
    ['sends events of garbage', body('text/event-stream', 'data: {garbage\n\n'), 'server-unavailable', /not JSON/],
    [
      'sends events of an unexpected shape',
      body('text/event-stream', 'data: {"choices": 3}\n\n'),
      'server-unavailable',
      /not of the expected shape/,
    ],
    ['ends at once', body('text/event-stream', ''), 'server-unavailable', /ended the answer in the middle/],
    [
      'reports an error that is nested deeper than the stack',
      body('text/event-stream', `data: ${'{"error":'.repeat(100_000)}1${'}'.repeat(100_000)}\n\n`),
      'server-unavailable',
      /not JSON/,
    ],
    [
      'reports an error in the stream',
      body('text/event-stream', 'data: {"error": {"message": "CUDA out of memory"}}\n\n'),
      'server-unavailable',
      /reports an error: CUDA out of memory/,
    ],
    [
      'sends an endless event',
      body('text/event-stream', `data: ${'x'.repeat(2_000_000)}`),
      'server-unavailable',
      /more than 1048576 characters/,
    ],
    [
      'sends a huge JSON',
      body('application/json', JSON.stringify({ choices: [{ text: 'x'.repeat(5_000_000) }] })),
      'server-unavailable',
      /can not be read: more than 4194304 bytes/,
    ],
    ['hangs up', (response) => void response.destroy(), 'server-unavailable', /can not be reached/],
  ];
  for (const [name, script, code, message] of answers) {
    it(`leads to an error if it ${name}`, () =>
      withServer(async (server, engine) => {
        server.on('completions', script);
        await assert.rejects(
          engine().generate({ ...text, priority: 'background' }),
          (error: Error & { code: string }) => {
            assert.equal(error.code, code);
            assert.match(error.message, message);
            assert.match(error.message, /^127\.0\.0\.1:\d+ |^The answer of 127/);
            assert.doesNotMatch(error.message, /secret code/);
            return true;
          },
        );
      }));
  }

  it('leads to an error if it stops in the middle of an answer', () =>
    withServer(async (server, engine) => {
      server.on('chat/completions', chatStream(['Half of'], { isCut: true, pauseMs: 20 }));
      await assert.rejects(engine().generate(question), {
        code: 'server-failed',
        message: /after 7 characters\. Ask again\./,
      });
    }));

  it('leads to an error if it does not answer in time', () =>
    withServer(async (server, engine) => {
      server.on('completions', silence);
      await assert.rejects(engine().generate({ ...text, timeoutMs: 50 }), {
        code: 'server-unavailable',
        message: /did not begin to answer completions within/,
      });
      await server.requestsTo('completions')[0]?.left;
    }));

  it('gives the text so far when the time is over', () =>
    withServer(async (server, engine) => {
      server.on(
        'completions',
        textStream(
          Array.from({ length: 500 }, () => 'x '),
          { pauseMs: 20 },
        ),
      );
      const result = await engine().generate({ ...text, timeoutMs: 300 });
      assert.equal(result.stopReason, 'timeout');
      assert.match(result.text, /^(x )+$/);
    }));
});

describe('a server’s text with the key', () => {
  const key = 'sk-live-Zm9v+/=0815';
  const echoes: readonly [name: string, script: Script][] = [
    ...[401, 403, 404, 400, 429, 500].map((code): [string, Script] => [
      `in a refusal (${code})`,
      (response, { headers }) =>
        status(code, { error: { message: `Got ${headers.authorization}` } })(response, {} as SeenRequest),
    ]),
    ['in a long refusal that is cut', status(401, { error: { message: `${'x'.repeat(190)}${key}` } })],
    ['in Base64', status(401, { detail: `Authorization: Basic ${Buffer.from(`user:${key}`).toString('base64')}` })],
    ['in a URL', status(401, { message: `See /login?key=${encodeURIComponent(key)}` })],
    ['in its content type', body(`text/${key}`, '')],
    ['in the content type of an answer without JSON', body(`application/json; key=${key}`, '<html>')],
    ['in a redirection', status(307, { error: key }, { location: `https://elsewhere.example.com/?key=${key}` })],
    ['in an event', body('text/event-stream', `data: ${JSON.stringify({ error: { message: `Bearer ${key}` } })}\n\n`)],
    ['in an event that is not JSON', body('text/event-stream', `data: Bearer ${key}\n\n`)],
  ];
  for (const [name, script] of echoes) {
    it(`${name} is quoted without the key`, () =>
      withServer(async (server, engine) => {
        server.on('completions', script);
        await assert.rejects(engine({ key }).generate({ ...text, priority: 'background' }), ({ message }: Error) => {
          for (const secret of [
            key,
            encodeURIComponent(key),
            'sk-live-',
            'Zm9v+/=0',
            Buffer.from(key).toString('base64').slice(4, 16),
          ])
            assert.ok(!message.includes(secret), `${secret} is in: ${message}`);
          return true;
        });
      }));
  }
});

describe('a server that stalls', () => {
  const connect = (server: ScriptedServer): ServerConnection => {
    const address = parseServerAddress(server.url);
    return new ServerConnection({ address, fetch: serverFetch({ address }) });
  };
  const patience = { retries: 0, maxWaitMs: 0 };

  it('in a non-streamed body is given up', () =>
    withServer(async (server) => {
      server.on('models', stall(200, 'application/json', '{"data": ['));
      await assert.rejects(connect(server).readJson({ path: 'models', timeoutMs: 200, patience }), {
        code: 'server-unavailable',
        message: /can not be read: not whole after 0\.2 s/,
      });
      await server.requestsTo('models')[0]?.left;
    }));

  it('in the reason for a refusal is given up, and the refusal counts', () =>
    withServer(async (server) => {
      server.on('models', stall(401, 'application/json', '{"error": "'));
      await withEnoughTime((timeoutMs) =>
        assert.rejects(connect(server).readJson({ path: 'models', timeoutMs, patience }), {
          code: 'server-unavailable',
          message: /refuses the key \(401\)/,
        }),
      );
    }));

  it('in its list of models does not delay a caller that stops waiting', () =>
    withServer(async (server) => {
      server.on('models', stall(200, 'application/json', '{"data": ['));
      const session = new ServerSession({ url: server.url, model: 'test-model' });
      const stop = new AbortController();
      const waiting = [session.model(stop.signal), session.engine.generate(question, { signal: stop.signal })];
      while (server.requestsTo('models').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      stop.abort();
      for (const each of waiting) await assert.rejects(each, { name: 'AbortError' });
      assert.equal(server.requestsTo('models').length, 1);
    }));

  it('for a moment gets as many retries as allowed, and no more', () =>
    withServer(async (server) => {
      server.on('models', ...Array.from({ length: 4 }, () => status(503, {}, { 'retry-after': '0' })));
      await assert.rejects(
        connect(server).readJson({ path: 'models', timeoutMs: 60_000, patience: { retries: 2, maxWaitMs: 60_000 } }),
        { code: 'server-unavailable' },
      );
      assert.equal(server.requestsTo('models').length, 3);
    }));

  const engineOf = (server: ScriptedServer, firstPartTimeoutMs = 300): ServerEngine =>
    new ServerEngine({
      connection: connect(server),
      model: 'test-model',
      fillIn: { kind: 'none' },
      contextSizeTokens: 4096,
      firstPartTimeoutMs,
    });

  it('before it generates is given up, whatever keep-alive data it sends', () =>
    withServer(async (server) => {
      server.on('chat/completions', async (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        for (; !response.destroyed; await new Promise((resolve) => setTimeout(resolve, 20)))
          response.write(': ping\n\ndata: {"choices":[{"delta":{"content":""}}]}\n\n');
      });
      await assert.rejects(engineOf(server).generate(question), {
        code: 'server-unavailable',
        message: /did not begin to answer chat\/completions within 0\.3 s/,
      });
      await server.requestsTo('chat/completions')[0]?.left;
    }));

  it('is not a server whose model thinks long before it answers', () =>
    withServer((server) =>
      withEnoughTime(async (timeoutMs) => {
        server.on('chat/completions', async (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' });
          for (let part = 0; part < 20; part++) {
            response.write('data: {"choices":[{"delta":{"content":null,"reasoning_content":"Hm. "}}]}\n\n');
            await new Promise((resolve) => setTimeout(resolve, timeoutMs / 12));
          }
          response.end(
            'data: {"choices":[{"delta":{"content":"A list."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
          );
        });
        assert.equal((await engineOf(server, timeoutMs).generate(question)).text, 'A list.');
      }),
    ));
});
