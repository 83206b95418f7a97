import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { allParts } from '../../../sidecar/models/gguf/validate.ts';
import {
  BUNDLED_MODEL_FILE,
  bundledModelPath,
  defaultModelPath,
  isDefaultBundled,
} from '../../../sidecar/shelf/defaultModel.ts';

const INSIDE = `dist/models/${BUNDLED_MODEL_FILE}`;
const IN_CHECKOUT = `media/models/${BUNDLED_MODEL_FILE}`;

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
  return defaultModelPath({ scriptFolder: path.join(home, 'dist'), environment });
}

describe('the default model', () => {
  it('is the bundled model in an installed extension, whatever the environment says', async () => {
    const inside = await put(INSIDE);
    await put(IN_CHECKOUT);
    assert.equal(await chosen({ CHORUS_MODEL: await put('other.gguf') }), inside);
  });

  it('is the file that CHORUS_MODEL names in a checkout', async () => {
    await put(IN_CHECKOUT);
    const named = await put('other.gguf');
    assert.equal(await chosen({ CHORUS_MODEL: named }), named);
  });

  it('is the bundled model in a checkout, for bundles and sources', async () => {
    const bundled = await put(IN_CHECKOUT);
    assert.equal(await chosen(), bundled);
    assert.equal(await defaultModelPath({ scriptFolder: path.join(home, 'sidecar/shelf'), environment: {} }), bundled);
  });

  it('is the file that ships, even if other files lie beside it', async () => {
    await put('media/models/Chorus-135M.Q8_0-00001-of-00002.gguf');
    await put('dist/models/Chorus-135M.Q8_0-00001-of-00002.gguf');
    assert.equal(await bundledModelPath(path.join(home, 'dist')), undefined);
    const bundled = await put(IN_CHECKOUT);
    assert.equal(await bundledModelPath(path.join(home, 'dist')), bundled);
  });

  it('does not lie beside the checkout or the installed extension', async () => {
    await put(IN_CHECKOUT);
    for (const scriptFolder of ['checkout/dist', 'chorus-0.1.0/dist'])
      assert.equal(await bundledModelPath(path.join(home, scriptFolder)), undefined);
  });

  it('is distinguished from the bundled model', async () => {
    const isBundled = (environment: NodeJS.ProcessEnv = {}): Promise<boolean> =>
      isDefaultBundled({ scriptFolder: path.join(home, 'dist'), environment });
    assert.equal(await isBundled(), false);
    await put(IN_CHECKOUT);
    assert.equal(await isBundled(), true);
    assert.equal(await isBundled({ CHORUS_MODEL: await put('other.gguf') }), false);
    assert.equal(await isBundled({ CHORUS_MODEL: path.join(home, 'gone.gguf') }), false);
    await put(INSIDE);
    assert.equal(await isBundled({ CHORUS_MODEL: path.join(home, 'other.gguf') }), true);
  });

  it('is in this repository with all of its parts', async () => {
    const first = await bundledModelPath();
    assert.ok(first !== undefined, IN_CHECKOUT);
    assert.equal(path.basename(first), BUNDLED_MODEL_FILE);
    for (const part of allParts(first)) assert.ok((await stat(part)).size <= 95 * 1024 * 1024, part);
  });

  it('is refused if CHORUS_MODEL names no file', async () => {
    await assert.rejects(
      chosen({ CHORUS_MODEL: path.join(home, 'gone.gguf') }),
      (error) =>
        error instanceof TroubleError && error.code === 'model-not-found' && error.message.includes('gone.gguf'),
    );
  });

  it('is missing with a message that tells what to do', async () => {
    await assert.rejects(
      chosen(),
      (error) => error instanceof TroubleError && error.code === 'no-model' && /--model/.test(error.message),
    );
  });
});
