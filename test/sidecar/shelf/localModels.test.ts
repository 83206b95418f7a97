import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { LocalModel } from '../../../sidecar/protocol/client.ts';
import { allParts } from '../../../sidecar/models/gguf/validate.ts';
import { BUNDLED_MODEL_FILE } from '../../../sidecar/shelf/defaultModel.ts';
import { localModels } from '../../../sidecar/shelf/localModels.ts';

const DIGEST = 'a'.repeat(64);
let home: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'chorus-models-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(relative: string, content = 'GGUFabcdef'): Promise<string> {
  const file = path.join(home, relative);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

function models(environment: NodeJS.ProcessEnv = {}): Promise<readonly LocalModel[]> {
  return localModels({
    environment,
    homeFolder: home,
    platform: 'linux',
    scriptFolder: path.join(home, 'dist'),
    ollamaServiceFolders: [],
  });
}

async function found(environment: NodeJS.ProcessEnv = {}): Promise<readonly [source: string, name: string][]> {
  return (await models(environment)).map((model) => [model.source, model.name]);
}

describe('localModels', () => {
  it('finds none on a machine without models', async () => {
    assert.deepEqual(await found(), []);
  });

  it('finds models of the extension, LM Studio, llama.cpp and the Hugging Face cache', async () => {
    for (const part of allParts(BUNDLED_MODEL_FILE)) await put(`dist/models/${part}`);
    await put('.lmstudio/models/Qwen/Qwen3-GGUF/qwen3.gguf');
    await put('.cache/lm-studio/models/old/repo/older.gguf');
    await put('.cache/llama.cpp/ggml-org_gemma.gguf');
    await put('.cache/huggingface/hub/models--a--b/snapshots/1234/hub.gguf');
    assert.deepEqual(await found(), [
      ['bundled', 'Chorus-0.5B'],
      ['lm-studio', 'qwen3'],
      ['lm-studio', 'older'],
      ['llama.cpp', 'ggml-org_gemma'],
      ['llama.cpp', 'hub'],
    ]);
  });

  it('looks in folders that the environment names', async () => {
    await put('moved/llama/x.gguf');
    await put('moved/hub/models--a--b/snapshots/1/y.gguf');
    assert.deepEqual(
      await found({ LLAMA_CACHE: path.join(home, 'moved/llama'), HF_HUB_CACHE: path.join(home, 'moved/hub') }),
      [
        ['llama.cpp', 'x'],
        ['llama.cpp', 'y'],
      ],
    );
  });

  it('names Ollama’s blobs by their manifests', async () => {
    const blob = await put(`.ollama/models/blobs/sha256-${DIGEST}`);
    await put(
      '.ollama/models/manifests/registry.ollama.ai/library/qwen3/0.6b',
      JSON.stringify({ layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${DIGEST}` }] }),
    );
    assert.deepEqual(await models(), [{ path: blob, name: 'qwen3:0.6b', sizeBytes: 10, source: 'ollama' }]);
  });

  it('stays inside Ollama’s folder, and skips a broken manifest', async () => {
    const library = '.ollama/models/manifests/registry.ollama.ai/library';
    await put('secret.gguf');
    await put(
      `${library}/evil/latest`,
      JSON.stringify({ layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: '../../../secret.gguf' }] }),
    );
    await put(`${library}/broken/latest`, '{');
    await put(`${library}/null/latest`, 'null');
    await put(`.ollama/models/blobs/sha256-${DIGEST}`);
    await put(
      `${library}/good/latest`,
      JSON.stringify({ layers: [{ mediaType: 'application/vnd.ollama.image.model', digest: `sha256:${DIGEST}` }] }),
    );
    assert.deepEqual(await found(), [['ollama', 'good:latest']]);
  });

  it('lists a model in several parts once, with the size of all, and leaves out an incomplete model', async () => {
    for (const part of [1, 2, 3]) await put(`.cache/llama.cpp/big-0000${part}-of-00003.gguf`);
    await put('.cache/llama.cpp/torn-00001-of-00002.gguf');
    assert.deepEqual(
      (await models()).map(({ name, sizeBytes }) => [name, sizeBytes]),
      [['big', 30]],
    );
  });

  it('leaves out projectors, embedding and reranking models, and other files', async () => {
    for (const name of ['mmproj-model-f16', 'nomic-embed-text-v1.5', 'bge-m3-Q8_0', 'qwen3-reranker'])
      await put(`.cache/llama.cpp/${name}.gguf`);
    await put('.cache/llama.cpp/page.gguf', '<!doctype html>');
    await put('.cache/llama.cpp/empty.gguf', '');
    await put('.cache/llama.cpp/half.gguf.part');
    await put('.cache/llama.cpp/alphabge-7b.gguf');
    assert.deepEqual(await found(), [['llama.cpp', 'alphabge-7b']]);
  });

  it('follows no link out of a folder, and lists a file behind two paths once', async () => {
    const outside = await put('elsewhere/outside.gguf');
    const hub = '.cache/huggingface/hub/models--a--b';
    const blob = await put(`${hub}/blobs/0123`);
    for (const revision of ['1', '2']) {
      await mkdir(path.join(home, hub, 'snapshots', revision), { recursive: true });
      await symlink(blob, path.join(home, hub, 'snapshots', revision, 'inside.gguf'));
    }
    await symlink(outside, path.join(home, hub, 'snapshots', '1', 'outside.gguf'));
    await symlink(path.dirname(outside), path.join(home, hub, 'snapshots', '1', 'folder'));
    assert.deepEqual(await found(), [['llama.cpp', 'inside']]);
  });

  it('looks no deeper than the tools nest their models', async () => {
    await put('.lmstudio/models/1/2/3/near.gguf');
    await put('.lmstudio/models/1/2/3/4/5/deep.gguf');
    assert.deepEqual(await found(), [['lm-studio', 'near']]);
  });
});
