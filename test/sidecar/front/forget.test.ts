import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { speedKey } from '../../../sidecar/completion/prompt/promptMaker.ts';
import { removeHome } from '../../../sidecar/common/home.ts';
import { stopRunning } from '../../../sidecar/client/makeWay.ts';
import { contextsFolder } from '../../../sidecar/keptContexts/contextSets.ts';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import { contextSetName, workspaceKeyOf } from '../../../sidecar/keptContexts/workspaceKey.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { RawClient } from './support/rawClient.ts';
import { isRunning } from '../../isRunning.ts';
import { TestHome, until } from './support/sidecar.ts';
import { FORGET_WORKSPACE_REQUEST, STOP_REQUEST } from '../../../sidecar/protocol/client.ts';

const URI = 'file:///project/main.ts';
/** The length of a prompt follows the model's speed. At this speed every prompt is as long as the context allows. */
const FASTEST_TOKENS_PER_SECOND = 1e12;
const source = Array.from({ length: 60 }, (_, line) => `const value${line} = compute(${line * 7}, "${line}");`).join(
  '\n',
);

describe('the kept contexts of a workspace', () => {
  let folder: string;
  let modelPath: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-workspace-'));
    modelPath = path.join(folder, 'model.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, {
      variant: 'llama',
      type: 'Q8_0',
      device,
      vocabulary: tinyVocabulary(),
      keys: { context_length: { type: 'u32', value: 4_096 } },
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** A home whose sidecar makes prompts of the same length on every machine. */
  async function createHome(): Promise<TestHome> {
    const home = await TestHome.create();
    const key = speedKey({ path: modelPath, engine: 'chorus', device: 'CPU', threads: 1 });
    await writeFile(home.files.speedsFile, JSON.stringify([[key, FASTEST_TOKENS_PER_SECOND]]));
    return home;
  }

  /** A client that has requested a completion. */
  async function asked(
    state: SidecarState,
    workspaceKey: string | undefined,
    { contexts }: { contexts?: object } = {},
  ): Promise<RawClient> {
    const settings = { modelPath, engine: 'chorus', device: 'cpu', threads: 1, contextSizeTokens: 4_096, contexts };
    const client = await RawClient.initialized(state, {
      initializationOptions: { clientKind: 'test', clientVersion: '1.0.0', workspaceKey, settings },
    });
    client.open(URI, source);
    await client.request('textDocument/inlineCompletion', {
      textDocument: { uri: URI },
      position: { line: 59, character: 10 },
      context: { triggerKind: 1 },
    });
    return client;
  }

  const setOf = (home: TestHome, key: string): string => path.join(contextsFolder(home.folder), contextSetName(key));
  const chunksOf = async (home: TestHome, key: string): Promise<string[]> =>
    (await readdir(setOf(home, key)).catch(() => [])).filter((name) => name.endsWith('.rows'));
  const kept = (home: TestHome, key: string): Promise<void> =>
    until(async () => (await chunksOf(home, key)).length >= 4, `the contexts of ${key} are kept`);
  /** Waits until the sidecar has written the speed that it measured, under the same key. */
  const speedIsStored = (home: TestHome): Promise<void> =>
    until(async () => {
      const speeds = JSON.parse(await readFile(home.files.speedsFile, 'utf8')) as [string, number][];
      return speeds.length === 1 && (speeds[0]?.[1] ?? 0) < FASTEST_TOKENS_PER_SECOND;
    }, 'the measured speed is stored');

  it('are written when the client has left, readable by this user only, and used when the workspace is opened again', async () => {
    await using home = await createHome();
    const first = await asked(await home.start(), 'mine');
    await first[Symbol.asyncDispose]();
    await kept(home, 'mine');
    if (process.platform !== 'win32') assert.equal((await stat(contextsFolder(home.folder))).mode & 0o777, 0o700);
    const files = (await chunksOf(home, 'mine')).map((name) => path.join(setOf(home, 'mine'), name));
    const before = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
    await using client = await RawClient.connect(await home.state());
    await client.request(STOP_REQUEST, undefined).catch(() => undefined);
    await client.closed;
    await speedIsStored(home);
    await (await asked(await home.start(), 'mine'))[Symbol.asyncDispose]();
    const after = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
    assert.ok(
      after.some((used, index) => used > (before[index] as number)),
      'the first prompt is as long as the last one was, and reuses its chunks',
    );
  });

  it('are written when the sidecar is told to stop while its client is connected', async () => {
    await using home = await createHome();
    await using client = await asked(await home.start(), 'mine');
    await client.request(STOP_REQUEST, undefined).catch(() => undefined);
    await kept(home, 'mine');
  });

  it('are deleted with everything else when Chorus is uninstalled, though the stopping sidecar would write them', async () => {
    await using home = await createHome();
    const state = await home.start();
    const client = await asked(state, 'mine');
    await stopRunning(home.folder);
    await client.closed;
    await removeHome(home.folder);
    await until(() => !isRunning(state.pid), 'the process is gone');
    assert.equal(existsSync(home.folder), false);
  });

  it('are not written if there is no workspace', async () => {
    await using home = await createHome();
    const state = await home.start();
    await using client = await asked(state, undefined);
    await client.request(STOP_REQUEST, undefined).catch(() => undefined);
    await until(() => !isRunning(state.pid), 'the process is gone');
    assert.deepEqual(await readdir(contextsFolder(home.folder)).catch(() => []), []);
  });

  it('are deleted when the workspace is forgotten, in memory too, and another workspace keeps its own', async () => {
    await using home = await createHome();
    const state = await home.start();
    for (const key of ['mine', 'theirs']) {
      const client = await asked(state, key);
      await client[Symbol.asyncDispose]();
      await kept(home, key);
    }
    await using client = await asked(state, 'mine');
    await client.request(FORGET_WORKSPACE_REQUEST, {});
    assert.deepEqual(await readdir(contextsFolder(home.folder)), [contextSetName('theirs')]);
    await client.request(STOP_REQUEST, undefined).catch(() => undefined);
    await until(() => !isRunning(state.pid), 'the process is gone');
    assert.deepEqual(await readdir(contextsFolder(home.folder)), [contextSetName('theirs')]);
  });

  it('are deleted if they were evaluated under other or unknown read rules', async () => {
    await using home = await createHome();
    const state = await home.start();
    const tell = async (unlessRules: string, clientKind = 'test'): Promise<void> => {
      await using client = await RawClient.initialized(state, {
        initializationOptions: { clientKind, clientVersion: '1.0.0', workspaceKey: 'mine' },
      });
      await client.request(FORGET_WORKSPACE_REQUEST, { unlessRules });
    };
    const file = path.join(setOf(home, 'mine'), 'a.rows');
    await tell('one');
    await writeFile(file, 'x');
    await tell('one');
    assert.ok(existsSync(file), 'the rules are the same');
    await tell('another');
    assert.ok(!existsSync(file), 'the rules differ');
    await writeFile(file, 'x');
    await rm(path.join(setOf(home, 'mine'), 'rules'));
    await tell('another');
    assert.ok(!existsSync(file), 'the rules are unknown');
    await writeFile(file, 'x');
    await tell('theirs', 'other');
    assert.ok(!existsSync(file), 'the rules of another kind of client are unknown');
    await writeFile(file, 'x');
    await tell('another');
    await tell('theirs', 'other');
    assert.ok(existsSync(file), 'each kind of client has its own rules');
  });

  it('are deleted by the workspace’s name from a client that has another workspace open', async () => {
    await using home = await createHome();
    const state = await home.start();
    const key = workspaceKeyOf(['file:///project']);
    const client = await asked(state, key);
    await client[Symbol.asyncDispose]();
    await kept(home, key);
    await using other = await RawClient.initialized(state);
    await other.request(FORGET_WORKSPACE_REQUEST, { workspaceKey: key });
    assert.deepEqual(await readdir(contextsFolder(home.folder)), []);
  });

  it('are deleted for all workspaces when the user turns keeping off', async () => {
    await using home = await createHome();
    const state = await home.start();
    const client = await asked(state, 'theirs');
    await client[Symbol.asyncDispose]();
    await kept(home, 'theirs');
    await using mine = await asked(state, 'mine', { contexts: { keepOnDisk: false } });
    await mine.request(STOP_REQUEST, undefined).catch(() => undefined);
    await until(() => !isRunning(state.pid), 'the process is gone');
    assert.deepEqual(await readdir(contextsFolder(home.folder)).catch(() => []), []);
  });

  it('take no more space than the user allows', async () => {
    await using home = await createHome();
    // A chunk is 256 rows of 4 layers, 2 KV heads of 64, keys and values, 2 bytes each.
    const state = await home.start();
    await using client = await asked(state, 'mine', { contexts: { maxGigabytes: 0.0012 } });
    await client.request(STOP_REQUEST, undefined).catch(() => undefined);
    await until(() => !isRunning(state.pid), 'the process is gone');
    assert.equal((await chunksOf(home, 'mine')).length, 2);
  });
});

describe('workspaceKeyOf', () => {
  it('gives every client the same key, however it writes the folder’s address', () => {
    assert.equal(workspaceKeyOf(['file:///home/me/a%20b']), workspaceKeyOf(['file:///home/me/a b/']));
    assert.notEqual(workspaceKeyOf(['file:///home/me/a']), workspaceKeyOf(['file:///home/me/b']));
    assert.notEqual(workspaceKeyOf(['vscode-vfs://github/a/b']), workspaceKeyOf(['vscode-vfs://github/a/c']));
  });

  it('does not reveal the folder’s path', () =>
    assert.match(workspaceKeyOf(['file:///home/me/secret']), /^[0-9a-f]{64}$/));
});
