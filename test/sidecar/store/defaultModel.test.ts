import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { MODEL_FILE } from '../../../.scripts/fetchModel.ts';
import { TroubleError } from '../../../sidecar/engine/engine.ts';
import { DEFAULT_MODEL_FILE, defaultModelPath } from '../../../sidecar/store/defaultModel.ts';

let home: string;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'chorus-default-model-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

async function put(relative: string): Promise<string> {
  const file = path.join(home, relative);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, 'GGUF');
  return file;
}

function chosen(environment: NodeJS.ProcessEnv = {}): Promise<string> {
  return defaultModelPath({ scriptFolder: path.join(home, 'dist'), environment, homeFolder: home });
}

describe('the default model', () => {
  it('is the file that the fetch script fetches', () => {
    assert.equal(DEFAULT_MODEL_FILE, MODEL_FILE);
  });

  it('is the bundled one, whatever the environment says', async () => {
    const bundled = await put('dist/models/bundled.gguf');
    assert.equal(await chosen({ CHORUS_MODEL: await put('other.gguf') }), bundled);
  });

  it('is the one that CHORUS_MODEL names in a checkout', async () => {
    await put(`.cache/chorus-dev/models/${MODEL_FILE}`);
    const named = await put('other.gguf');
    assert.equal(await chosen({ CHORUS_MODEL: named }), named);
  });

  it('is the fetched one in a checkout', async () => {
    const fetched = await put(`.cache/chorus-dev/models/${MODEL_FILE}`);
    assert.equal(await chosen(), fetched);
    assert.equal(await chosen({ CHORUS_DEV_CACHE: path.join(home, 'cache') }).catch((error: unknown) => (error as TroubleError).code), 'no-model');
  });

  it('is refused where CHORUS_MODEL names no file', async () => {
    await assert.rejects(chosen({ CHORUS_MODEL: path.join(home, 'gone.gguf') }), (error) => error instanceof TroubleError && error.code === 'model-not-found' && error.message.includes('gone.gguf'));
  });

  it('is missing with a message that says what to do', async () => {
    await assert.rejects(chosen(), (error) => error instanceof TroubleError && error.code === 'no-model' && /--model/.test(error.message));
  });
});
