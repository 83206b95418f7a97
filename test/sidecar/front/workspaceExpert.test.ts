import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import type { SidecarState } from '../../../sidecar/client/stateFile.ts';
import { contextSetName } from '../../../sidecar/keptContexts/workspaceKey.ts';
import { modelDigest } from '../../../sidecar/learning/baseDigest.ts';
import { learningFolder } from '../../../sidecar/keptContexts/learntFolder.ts';
import { ensureExpertFolder, expertFolder, writeExpertRecord } from '../../../sidecar/learning/expertStore.ts';
import { PURPOSE_KEY } from '../../../sidecar/models/adapters/adapterFile.ts';
import { FORGET_WORKSPACE_REQUEST } from '../../../sidecar/protocol/client.ts';
import { writeTinyAdapter } from '../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { RawClient } from './support/rawClient.ts';
import { TestHome } from './support/sidecar.ts';

const URI = 'file:///project/main.ts';
/** Short enough that the prompts of a slow machine have the whole text. */
const source = Array.from({ length: 6 }, (_, line) => `const value${line} = f(${line});`).join('\n');
const PLACES = [1, 3, 5].map((line) => ({ line, character: 14 }));
/** No completion ends because of its time. */
const COMPLETION = { timeoutMs: 300_000, maxTokens: 16, multiline: 'never' };

describe('The expert of a workspace', () => {
  let folder: string;
  let modelPath: string;
  let home: TestHome;
  let state: SidecarState;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-expert-'));
    modelPath = path.join(folder, 'model.gguf');
    using device = new Device('cpu', { threads: 1 });
    const keys = { context_length: { type: 'u32', value: 4_096 } } as const;
    await writeTinyModel(modelPath, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), keys });
    home = await TestHome.create();
    state = await home.start();
  });
  after(async () => {
    await home[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function opened(workspaceKey: string, settings: object = {}): Promise<RawClient> {
    const client = await RawClient.initialized(state, {
      initializationOptions: {
        clientKind: 'test',
        clientVersion: '1.0.0',
        workspaceKey,
        settings: {
          modelPath,
          engine: 'chorus',
          device: 'cpu',
          threads: 1,
          contextSizeTokens: 4_096,
          completion: COMPLETION,
          ...settings,
        },
      },
    });
    client.open(URI, source);
    return client;
  }

  /** The texts that a new window on a workspace is offered. */
  async function offered(workspaceKey: string, settings: object = {}): Promise<string> {
    await using client = await opened(workspaceKey, settings);
    const texts: string[] = [];
    for (const position of PLACES) {
      const { items } = (await client.request('textDocument/inlineCompletion', {
        textDocument: { uri: URI },
        position,
        context: { triggerKind: 1 },
      })) as { readonly items: readonly { readonly insertText: string }[] };
      texts.push(...items.map(({ insertText }) => insertText));
    }
    return JSON.stringify(texts);
  }

  async function learn(workspaceKey: string): Promise<void> {
    const files = expertFolder(learningFolder(home.folder), contextSetName(workspaceKey));
    await ensureExpertFolder(files);
    const keys = { [PURPOSE_KEY]: { type: 'string', value: 'completion' } } as const;
    await writeTinyAdapter(files.expertFile, modelPath, { rank: 8, alpha: 64, keys });
    await writeExpertRecord(files, {
      version: 2,
      base: { model: await modelDigest(modelPath) },
      paths: [],
      digests: [],
      trainedTokens: 1_024,
      heldOut: { files: 1, natsBefore: 2, natsAfter: 1, lines: 10, linesBefore: 3, linesAfter: 5 },
      general: { natsBefore: 1, natsAfter: 1 },
      adopted: true,
    });
  }

  it('completes in its workspace alone, until the workspace is forgotten', async () => {
    const withoutExpert = await offered('mine');
    assert.notEqual(withoutExpert, '[]');
    await learn('mine');
    assert.notEqual(await offered('mine'), withoutExpert, 'the expert completes');
    assert.equal(await offered('theirs'), withoutExpert, 'another workspace has no expert');
    assert.equal(await offered('mine', { withoutExperts: true }), withoutExpert, 'the client wants none');
    await using client = await opened('mine');
    await client.request(FORGET_WORKSPACE_REQUEST, {});
    assert.equal(await offered('mine'), withoutExpert, 'the workspace is forgotten');
  });
});
