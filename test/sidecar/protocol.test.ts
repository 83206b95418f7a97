import assert from 'node:assert/strict';
import { execa } from 'execa';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { onRequest, sendNotification, sendRequest } from '../../sidecar/common/typedMessages.ts';
import * as protocol from '../../sidecar/protocol/client.ts';
import { PATIENCE_MS } from '../patience.ts';
import { RawClient } from './front/support/rawClient.ts';
import { modelEnvironment, TestHome } from './front/support/sidecar.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(path.join(root, 'docs/protocol.md'), 'utf8');

describe('docs/protocol.md', () => {
  const messages = Object.values(protocol)
    .flatMap((value) => (typeof value === 'object' && 'method' in value ? value.method : []))
    .filter((method) => method.startsWith('chorus/'));
  for (const message of messages) it(`names ${message}`, () => assert.ok(page.includes(`\`${message}\``)));

  it('names no `chorus/*` message that does not exist', () => {
    const named = [...page.matchAll(/`(chorus\/[A-Za-z/]+)`/g)].map(([, name]) => name);
    assert.deepEqual(
      named.filter((name) => !messages.includes(name ?? '')),
      [],
    );
  });

  it('names the command of an accepted completion, and the limits of documents and frames', () => {
    assert.ok(page.includes(`\`${protocol.ACCEPTED_COMMAND}\``));
    assert.ok(page.includes(protocol.MAX_DOCUMENT_UNITS.toLocaleString('en')));
    assert.ok(page.includes(`${protocol.MAX_FRAME_BYTES / 1024 / 1024} MiB`));
  });

  it('has an example client that completes code with the model that an editor chose', async () => {
    const code = /```js\n([\s\S]*?)```/.exec(page)?.[1];
    assert.ok(code);
    await using home = await TestHome.create();
    const state = await home.start({ env: await modelEnvironment() });
    await using editor = await RawClient.initialized(state, {
      initializationOptions: { settings: { contextSizeTokens: 768 } },
    });
    await editor.request(protocol.LOAD_REQUEST, undefined);
    // The file lies in the project, so that the example finds `ws` in node_modules.
    const file = path.join(root, '.cache', `plain-client-${process.pid}.mjs`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, code);
    try {
      const { stdout } = await execa(process.execPath, [file], {
        env: { CHORUS_HOME: home.folder },
        timeout: PATIENCE_MS,
      });
      assert.match(stdout, /-\s*b/);
      assert.equal((await editor.request(protocol.STATUS_REQUEST, undefined)).contextSizeTokens, 768);
    } finally {
      await rm(file);
    }
  });
});

describe('the types of messages', () => {
  const { COUNT_TOKENS_REQUEST, CURSOR_NOTIFICATION } = protocol;
  const sent: unknown[] = [];
  const sender = {
    sendRequest: async (...message: unknown[]): Promise<never> => (sent.push(message), { tokens: 2 } as never),
    sendNotification: async (...message: unknown[]): Promise<void> => void sent.push(message),
  };

  it('refuse wrong parameters and a misread result of a request', async () => {
    const { tokens } = await sendRequest(sender, COUNT_TOKENS_REQUEST, { text: 'a b' });
    assert.deepEqual(sent.splice(0), [['chorus/countTokens', { text: 'a b' }]]);
    assert.equal(tokens, 2);
    // @ts-expect-error `tokens` is a number.
    assert.equal(tokens.length, undefined);
    // @ts-expect-error `text` is a string.
    await sendRequest(sender, COUNT_TOKENS_REQUEST, { text: 1 });
    // @ts-expect-error `text` is required.
    await sendRequest(sender, COUNT_TOKENS_REQUEST, {});
    // @ts-expect-error `words` is unknown.
    await sendRequest(sender, COUNT_TOKENS_REQUEST, { text: 'a b', words: 2 });
    // @ts-expect-error A notification has no result.
    await sendRequest(sender, CURSOR_NOTIFICATION, {});
  });

  it('refuse a wrong answer to a request', () => {
    const receiver = { onRequest: () => ({ dispose: () => undefined }) };
    onRequest(receiver, COUNT_TOKENS_REQUEST, ({ text }) => ({ tokens: text.length }));
    // @ts-expect-error `tokens` is a number.
    onRequest(receiver, COUNT_TOKENS_REQUEST, ({ text }) => ({ tokens: text }));
  });

  it('refuse wrong parameters of a notification', async () => {
    sent.length = 0;
    const textDocument = { uri: 'file:///a.ts' };
    const position = { line: 1, character: 0 };
    await sendNotification(sender, CURSOR_NOTIFICATION, { textDocument, position });
    assert.deepEqual(sent, [['chorus/didRestCursor', { textDocument, position }]]);
    // @ts-expect-error `position` is required.
    await sendNotification(sender, CURSOR_NOTIFICATION, { textDocument });
    // @ts-expect-error A request has a result.
    await sendNotification(sender, COUNT_TOKENS_REQUEST, { text: 'a b' });
  });
});
