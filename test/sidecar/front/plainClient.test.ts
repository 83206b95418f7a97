import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import {
  COUNT_TOKENS_REQUEST,
  DIAGNOSTICS_REQUEST,
  LOAD_REQUEST,
  STATISTICS_REQUEST,
  STATUS_REQUEST,
  type ChatResult,
  type SidecarStatus,
} from '../../../sidecar/protocol/client.ts';
import { RawClient } from './support/rawClient.ts';
import { isRunning } from '../../isRunning.ts';
import { modelEnvironment, TestHome } from './support/sidecar.ts';

const uri = 'file:///sample.py';
const code = 'def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n    return a';
const end = { line: 4, character: 12 };
const automatic = { triggerKind: 2 };

interface InlineItem {
  readonly insertText: string;
  readonly range: { readonly start: typeof end; readonly end: typeof end };
  readonly command: {
    readonly command: string;
    readonly arguments: readonly [
      { readonly completionId: string; readonly textLength: number; readonly cached: boolean },
    ];
  };
}
const items = (result: unknown): readonly InlineItem[] => (result as { items: readonly InlineItem[] }).items;

describe('a plain LSP client with the real model', () => {
  let home: TestHome;
  let state: SidecarState;
  let client: RawClient;

  before(async () => {
    home = await TestHome.create();
    state = await home.start({ env: await modelEnvironment() });
    // A long timeout for a busy machine. The benches measure latency.
    const initializationOptions = { settings: { completion: { timeoutMs: 60_000 } } };
    client = await RawClient.initialized(state, {
      capabilities: { textDocument: { inlineCompletion: {} } },
      initializationOptions,
    });
  });
  after(async () => {
    await client[Symbol.asyncDispose]();
    await home[Symbol.asyncDispose]();
  });

  it('is told how the model loads, until it is ready', async () => {
    assert.equal(await client.request(LOAD_REQUEST, undefined), null);
    const ready = await client.next(
      ({ method, params }) => method === 'chorus/didChangeStatus' && (params as SidecarStatus).state === 'ready',
    );
    assert.equal((ready.params as SidecarStatus).architecture, 'llama');
  });

  it('gets ghost text with a command that tells how to report its use', async () => {
    client.open(uri, code, 'python');
    const [item] = items(
      await client.request('textDocument/inlineCompletion', {
        textDocument: { uri },
        position: end,
        context: automatic,
      }),
    );
    assert.ok(item);
    assert.match(item.insertText, /-\s*b/);
    assert.deepEqual(item.range, { start: end, end });
    assert.equal(item.command.command, 'chorus.completion.accepted');
    assert.equal(item.command.arguments[0].textLength, item.insertText.length);

    const { completionId } = item.command.arguments[0];
    client.notify('chorus/completionFeedback', {
      completionId,
      kind: 'accepted',
      acceptedCharacters: item.insertText.length,
    });
    const statistics = await client.request(STATISTICS_REQUEST, undefined);
    assert.deepEqual([statistics.accepted, statistics.acceptedCharacters], [1, item.insertText.length]);
  });

  it('gets the rest from the cache when it types on', async () => {
    client.notify('textDocument/didChange', {
      textDocument: { uri, version: 2 },
      contentChanges: [{ range: { start: end, end }, text: ' ' }],
    });
    const position = { line: 4, character: 13 };
    const [item] = items(
      await client.request('textDocument/inlineCompletion', { textDocument: { uri }, position, context: automatic }),
    );
    assert.equal(item?.command.arguments[0].cached, true);
    assert.match(item.insertText, /^-\s*b/);
  });

  it('does not see the documents of another client', async () => {
    await using other = await RawClient.initialized(state);
    const { error } = await other.answer(
      other.sendRequest('textDocument/completion', { textDocument: { uri }, position: end }),
    );
    assert.match(error?.message ?? '', /not open/);
  });

  it('gets the same text as a list item if its editor has no ghost text', async () => {
    await using editor = await RawClient.connect(state);
    const initialized = (await editor.request('initialize', {
      processId: null,
      rootUri: null,
      capabilities: {},
      initializationOptions: { settings: { completion: { timeoutMs: 60_000 } } },
    })) as { capabilities: Record<string, unknown> };
    assert.ok(initialized.capabilities['completionProvider']);
    editor.notify('initialized', {});
    editor.open(uri, code, 'python');
    const list = (await editor.request('textDocument/completion', {
      textDocument: { uri },
      position: end,
      context: { triggerKind: 1 },
    })) as {
      items: readonly { label: string; textEdit: { newText: string; range: InlineItem['range'] } }[];
    };
    const [item] = list.items;
    assert.match(item?.textEdit.newText ?? '', /^a\s*-\s*b/);
    assert.deepEqual(item?.textEdit.range.start, { line: 4, character: 11 });
  });

  it('is told once that a document is too large, and can use the next document', async () => {
    const large = 'file:///large%20file.txt';
    client.open(large, 'x'.repeat(17 * 1024 * 1024), 'plaintext');
    const message = await client.next(({ method }) => method === 'window/showMessage');
    assert.match(
      (message.params as { message: string }).message,
      /^Chorus leaves large file\.txt alone: it has more than 16,777,216 characters\.$/,
    );
    assert.equal(
      await client.request('textDocument/inlineCompletion', {
        textDocument: { uri: large },
        position: { line: 0, character: 0 },
        context: automatic,
      }),
      null,
    );
    client.notify('textDocument/didClose', { textDocument: { uri: large } });
    assert.ok(
      items(
        await client.request('textDocument/inlineCompletion', {
          textDocument: { uri },
          position: { line: 4, character: 13 },
          context: automatic,
        }),
      ).length > 0,
    );
    assert.equal(client.received.filter(({ method }) => method === 'window/showMessage').length, 0);
  });

  it('completes beside a lone surrogate', async () => {
    const odd = 'file:///odd.py';
    client.open(odd, `# \ud83d\n${code}`, 'python');
    const [item] = items(
      await client.request('textDocument/inlineCompletion', {
        textDocument: { uri: odd },
        position: { line: 5, character: 12 },
        context: automatic,
      }),
    );
    assert.ok(item);
  });

  it('streams a chat in pieces that make up the answer', async () => {
    const id = client.sendRequest('chorus/chat', {
      conversationId: 'one',
      messages: [{ role: 'user', content: 'What is a variable? One sentence.' }],
      partialResultToken: 'chat-1',
    });
    const result = (await client.answer(id)).result as ChatResult;
    const chunks = client.received.filter(
      ({ method, params }) => method === '$/progress' && (params as { token: string }).token === 'chat-1',
    );
    assert.ok(chunks.length > 1);
    assert.equal(chunks.map(({ params }) => (params as { value: { text: string } }).value.text).join(''), result.text);
    assert.ok(result.text.length > 0);
  });

  it('gets the text so far when it cancels a chat', async () => {
    const id = client.sendRequest('chorus/chat', {
      conversationId: 'two',
      messages: [{ role: 'user', content: 'Tell a very long story about the sea.' }],
      partialResultToken: 'chat-2',
    });
    await client.next(
      ({ method, params }) => method === '$/progress' && (params as { token: string }).token === 'chat-2',
    );
    client.notify('$/cancelRequest', { id });
    const result = (await client.answer(id)).result as ChatResult;
    assert.equal(result.stopReason, 'cancelled');
    assert.ok(result.text.length > 0);
  });

  it(
    'is told when the engine crashes during its chat, and the next request works',
    { skip: process.platform !== 'linux' },
    async () => {
      const id = client.sendRequest('chorus/chat', {
        conversationId: 'three',
        messages: [{ role: 'user', content: 'Tell a very long story about a mountain.' }],
        partialResultToken: 'chat-3',
      });
      await client.next(
        ({ method, params }) => method === '$/progress' && (params as { token: string }).token === 'chat-3',
      );
      const [enginePid] = readFileSync(`/proc/${state.pid}/task/${state.pid}/children`, 'utf8')
        .trim()
        .split(' ')
        .map(Number);
      assert.ok(enginePid);
      process.kill(enginePid, 'SIGKILL');
      const { error } = await client.answer(id);
      assert.equal((error?.data as { code: string } | undefined)?.code, 'engine-crashed');
      assert.ok((await client.request(COUNT_TOKENS_REQUEST, { text: 'hello' })).tokens > 0);
      assert.equal(isRunning(state.pid), true);
    },
  );

  it('gets one clear error for a model that does not exist, and then uses the default', async () => {
    client.notify('workspace/didChangeConfiguration', { settings: { chorus: { modelPath: '/does/not/exist.gguf' } } });
    const { error } = await client.answer(client.sendRequest('chorus/countTokens', { text: 'hello' }));
    assert.equal((error?.data as { code: string } | undefined)?.code, 'model-not-found');
    const status = await client.request(STATUS_REQUEST, undefined);
    assert.deepEqual([status.state, status.trouble?.code], ['trouble', 'model-not-found']);
    client.notify('workspace/didChangeConfiguration', { settings: { chorus: { modelPath: '' } } });
    assert.ok((await client.request(COUNT_TOKENS_REQUEST, { text: 'hello' })).tokens > 0);
  });

  it('gives diagnostics without code, token or home folder', async () => {
    const { text } = await client.request(DIAGNOSTICS_REQUEST, undefined);
    assert.match(text, /^Chorus sidecar 1\.0\.0/);
    assert.match(text, /architecture: llama/);
    for (const secret of [state.token, state.serverToken, 'subtract', uri]) assert.ok(!text.includes(secret), secret);
    const log = readFileSync(home.files.logFile, 'utf8');
    for (const secret of [state.token, state.serverToken, 'subtract', uri]) assert.ok(!log.includes(secret), secret);
  });
});
