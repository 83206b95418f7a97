import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import { RawClient } from './support/rawClient.ts';
import { modelEnvironment, TestHome } from './support/sidecar.ts';

const SMALL = 'def add(a, b):\n    return a + b\n\ndef subtract(a, b):\n    return a';
const END_OF_SMALL = { line: 4, character: 12 };

describe('a sidecar with texts larger than the model’s context', () => {
  let home: TestHome;
  let state: SidecarState;

  before(async () => {
    home = await TestHome.create();
    state = await home.start({ env: await modelEnvironment() });
  });
  after(() => home[Symbol.asyncDispose]());

  async function connect(): Promise<RawClient> {
    return RawClient.initialized(state, { initializationOptions: { settings: { completion: { timeoutMs: 60_000 } } } });
  }

  async function complete(
    client: RawClient,
    uri: string,
    position: { line: number; character: number },
  ): Promise<readonly { insertText: string }[] | null> {
    const list = (await client.request('textDocument/inlineCompletion', {
      textDocument: { uri },
      position,
      context: { triggerKind: 2 },
    })) as { items: { insertText: string }[] } | null;
    return list && list.items;
  }

  async function completesSmallDocument(client: RawClient): Promise<void> {
    client.open('file:///small.py', SMALL, 'python');
    assert.match((await complete(client, 'file:///small.py', END_OF_SMALL))?.[0]?.insertText ?? '', /-\s*b/);
    assert.equal((await home.state()).pid, state.pid);
  }

  it('refuses a document of 50 MB with one message that names it and the limit, and then serves the next request', async () => {
    await using client = await connect();
    const line = `${'x'.repeat(999)}\n`;
    client.open('file:///big%20data.py', line.repeat(50_000), 'python');
    const { params } = await client.next(({ method }) => method === 'window/showMessage');
    assert.match(
      (params as { message: string }).message,
      /^Chorus leaves big data\.py alone: it has more than 16,777,216 characters\.$/,
    );
    assert.equal(await complete(client, 'file:///big%20data.py', { line: 3, character: 999 }), null);
    client.notify('textDocument/didChange', {
      textDocument: { uri: 'file:///big%20data.py', version: 2 },
      contentChanges: [{ range: { start: END_OF_SMALL, end: END_OF_SMALL }, text: 'y' }],
    });
    await completesSmallDocument(client);
    assert.deepEqual(
      client.received.filter(({ method }) => method === 'window/showMessage'),
      [],
      'one message',
    );
  });

  it('completes at the start, in the middle and at the end of a line of 1 MB, and then serves the next request', async () => {
    await using client = await connect();
    const value = '0123456789, ';
    const line = `values = [${value.repeat(87_000)}`;
    assert.ok(line.length > 1_000_000);
    client.open('file:///line.py', line, 'python');
    for (const character of [0, line.length / 2, line.length])
      assert.ok(Array.isArray(await complete(client, 'file:///line.py', { line: 0, character })), `${character}`);
    await completesSmallDocument(client);
  });
});
