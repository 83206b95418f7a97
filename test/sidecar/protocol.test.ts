import assert from 'node:assert/strict';
import { execa } from 'execa';
import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as protocol from '../../sidecar/protocol/client.ts';
import { PATIENCE_MS } from '../patience.ts';
import { RawClient } from './front/support/rawClient.ts';
import { modelEnvironment, TestHome } from './front/support/sidecar.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(path.join(root, 'docs/protocol.md'), 'utf8');

describe('docs/protocol.md', () => {
  const values: readonly unknown[] = Object.values(protocol);
  const messages = values.filter((value) => typeof value === 'string').filter((value) => value.startsWith('chorus/'));
  for (const message of messages) it(`names ${message}`, () => assert.ok(page.includes(`\`${message}\``)));

  it('names no message of ours that does not exist', () => {
    const named = [...page.matchAll(/`(chorus\/[A-Za-z]+)`/g)].map(([, name]) => name);
    assert.deepEqual(
      named.filter((name) => !messages.includes(name ?? '')),
      [],
    );
  });

  it('names the accepted command and the limits', () => {
    assert.ok(page.includes(`\`${protocol.ACCEPTED_COMMAND}\``));
    assert.ok(page.includes(protocol.MAX_DOCUMENT_UNITS.toLocaleString('en')));
    assert.ok(page.includes(`${protocol.MAX_FRAME_BYTES / 1024 / 1024} MiB`));
  });

  it('has an example client that completes code, with the model that an editor chose', async () => {
    const code = /```js\n([\s\S]*?)```/.exec(page)?.[1];
    assert.ok(code);
    await using home = await TestHome.create();
    const state = await home.start({ env: await modelEnvironment() });
    await using editor = await RawClient.initialized(state, {
      initializationOptions: { settings: { contextSizeTokens: 768 } },
    });
    await editor.request('chorus/load');
    // Beside the project's node_modules, where the example finds `ws`.
    const file = path.join(root, '.cache', `plain-client-${process.pid}.mjs`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, code);
    try {
      const { stdout } = await execa(process.execPath, [file], {
        env: { CHORUS_HOME: home.folder },
        timeout: PATIENCE_MS,
      });
      assert.match(stdout, /-\s*b/);
      assert.equal(((await editor.request('chorus/status')) as protocol.SidecarStatus).contextSizeTokens, 768);
    } finally {
      await rm(file);
    }
  });
});
