import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { STATUS_REQUEST, MAX_FRAME_BYTES } from '../../../sidecar/protocol/client.ts';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import { RawClient } from './support/rawClient.ts';
import { TestHome } from './support/sidecar.ts';

const ErrorCodes = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  notInitialized: -32002,
};

describe('a connection with invalid frames', () => {
  let home: TestHome;
  let state: SidecarState;

  before(async () => {
    home = await TestHome.create();
    state = await home.start();
  });
  after(() => home[Symbol.asyncDispose]());

  const broken: [string, string, number][] = [
    ['text that is no JSON', 'const secretOfTheUser = {', ErrorCodes.parse],
    ['an empty frame', '', ErrorCodes.parse],
    ['two messages', '{"jsonrpc":"2.0","id":1,"method":"a"}{"jsonrpc":"2.0","id":2,"method":"b"}', ErrorCodes.parse],
    ['Content-Length headers', 'Content-Length: 2\r\n\r\n{}', ErrorCodes.parse],
    ['millions of nested brackets', '['.repeat(30_000_000), ErrorCodes.parse],
    ['millions of values', `[${'[],'.repeat(10_000_000)}0]`, ErrorCodes.parse],
    ['a number', '42', ErrorCodes.invalidRequest],
    ['null', 'null', ErrorCodes.invalidRequest],
    ['an empty object', '{}', ErrorCodes.invalidRequest],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"chorus/status"}]', ErrorCodes.invalidRequest],
    ['a method that is no text', '{"jsonrpc":"2.0","id":null,"method":7}', ErrorCodes.invalidRequest],
    ['another version of JSON-RPC', '{"jsonrpc":"1.0","id":null,"method":"chorus/status"}', ErrorCodes.invalidRequest],
    [
      'params that are a number',
      '{"jsonrpc":"2.0","id":null,"method":"chorus/status","params":1}',
      ErrorCodes.invalidRequest,
    ],
    ['a cancellation of nothing', '{"jsonrpc":"2.0","method":"$/cancelRequest"}', ErrorCodes.invalidRequest],
  ];
  for (const [what, frame, code] of broken) {
    it(`answers ${what} with ${code} and then serves the next request`, async () => {
      await using client = await RawClient.initialized(state);
      client.send(frame);
      const answer = await client.answer(null);
      assert.equal(answer.error?.code, code);
      assert.doesNotMatch(answer.error.message, /secret/);
      assert.ok(await client.request(STATUS_REQUEST, undefined));
    });
  }

  it('answers an invalid request with its own id', async () => {
    await using client = await RawClient.initialized(state);
    client.send('{"jsonrpc":"2.0","id":"mine"}');
    client.send('{"jsonrpc":"2.0","id":"other","method":"chorus/status","params":"text"}');
    assert.equal((await client.answer('other')).error?.code, ErrorCodes.invalidRequest);
  });

  it('ends a connection that sends binary frames', async () => {
    const client = await RawClient.initialized(state);
    client.send(Buffer.from('{"jsonrpc":"2.0","id":9,"method":"chorus/status"}'));
    assert.equal((await client.closed).code, 1003);
  });

  it('ends a connection that sends text which is not UTF-8', async () => {
    const client = await RawClient.initialized(state);
    client.socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false });
    assert.equal((await client.closed).code, 1007);
  });

  it('ends a connection that sends a frame above the limit', async () => {
    const client = await RawClient.initialized(state);
    client.send('x'.repeat(MAX_FRAME_BYTES + 1));
    assert.equal((await client.closed).code, 1009);
  });

  it('answers unknown requests, and ignores unknown notifications', async () => {
    await using client = await RawClient.initialized(state);
    client.notify('textDocument/unheardOf', {});
    assert.equal((await client.answer(client.sendRequest('chorus/unheardOf'))).error?.code, ErrorCodes.methodNotFound);
  });

  it('answers requests before initialize with "not initialized"', async () => {
    await using client = await RawClient.connect(state);
    assert.equal((await client.answer(client.sendRequest('chorus/chat', {}))).error?.code, ErrorCodes.notInitialized);
    assert.equal((await client.answer(client.sendRequest('chorus/unheardOf'))).error?.code, ErrorCodes.notInitialized);
  });

  it('ignores notifications before initialize', async () => {
    await using client = await RawClient.connect(state);
    const uri = 'file:///early.txt';
    client.notify('textDocument/didOpen', {
      textDocument: { uri, languageId: 'plaintext', version: 1, text: 'early' },
    });
    await client.request('initialize', { processId: null, rootUri: null, capabilities: {} });
    const { error } = await client.answer(
      client.sendRequest('textDocument/completion', { textDocument: { uri }, position: { line: 0, character: 0 } }),
    );
    assert.match(error?.message ?? '', /not open/);
  });

  it('accepts initialize once, and nothing after shutdown', async () => {
    await using client = await RawClient.initialized(state);
    assert.equal(
      (await client.answer(client.sendRequest('initialize', { capabilities: {} }))).error?.code,
      ErrorCodes.invalidRequest,
    );
    assert.equal(await client.request('shutdown'), null);
    assert.equal((await client.answer(client.sendRequest('chorus/status'))).error?.code, ErrorCodes.invalidRequest);
    client.notify('exit', undefined);
    assert.equal((await client.closed).code, 1000);
  });

  const wrongParams: [string, unknown, RegExp][] = [
    ['chorus/chat', {}, /^params\.conversationId: .*expected string/],
    [
      'chorus/chat',
      { conversationId: 'x', messages: [{ role: 'user', content: 7 }] },
      /^params\.messages\.0\.content: .*expected string, received number/,
    ],
    ['chorus/countTokens', undefined, /expected object/],
    ['chorus/countTokens', ['text'], /expected object/],
    [
      'textDocument/inlineCompletion',
      { textDocument: { uri: 'file:///x' }, position: { line: -1, character: 0 }, context: { triggerKind: 1 } },
      /^params\.position\.line/,
    ],
    [
      'textDocument/completion',
      { textDocument: { uri: 'file:///unopened' }, position: { line: 0, character: 0 } },
      /not open/,
    ],
  ];
  for (const [method, params, says] of wrongParams) {
    it(`says why the params of ${method} are invalid: ${says.source}`, async () => {
      await using client = await RawClient.initialized(state);
      const { error } = await client.answer(client.sendRequest(method, params));
      assert.equal(error?.code, ErrorCodes.invalidParams);
      assert.match(error.message, says);
    });
  }

  it('drops notifications with invalid params and serves on', async () => {
    await using client = await RawClient.initialized(state);
    client.notify('textDocument/didOpen', { textDocument: { uri: 7 } });
    client.notify('textDocument/didChange', {
      textDocument: { uri: 'file:///never-opened' },
      contentChanges: [{ text: 'x' }],
    });
    client.notify('textDocument/didChange', null);
    assert.ok(await client.request(STATUS_REQUEST, undefined));
  });

  it('writes neither code nor tokens into the log', async () => {
    const log = await readFile(home.files.logFile, 'utf8');
    assert.doesNotMatch(log, /secretOfTheUser/);
    assert.ok(!log.includes(state.token) && !log.includes(state.serverToken));
  });
});
