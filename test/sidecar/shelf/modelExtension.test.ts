import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { recordInstallation } from '../../../sidecar/client/installations.ts';
import { homeFiles, type Home } from '../../../sidecar/common/home.ts';
import {
  MODEL_EXTENSION_ID,
  MODEL_EXTENSION_VERSION,
  type ModelExtension,
} from '../../../sidecar/common/modelExtension.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { allParts } from '../../../sidecar/models/gguf/validate.ts';
import {
  BUNDLED_MODEL_FILE,
  bundledModelPath,
  defaultModelPath,
  isDefaultBundled,
} from '../../../sidecar/shelf/defaultModel.ts';

let root: string;
let home: Home;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'chorus-model-extension-'));
  home = homeFiles(path.join(root, 'home'));
  await mkdir(home.folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Installs a Chorus without a model inside. Returns its folder. */
async function installChorus(product: string): Promise<string> {
  const folder = path.join(root, product, 'chorus.chorus-0.1.0');
  await mkdir(path.join(folder, 'dist'), { recursive: true });
  await writeFile(path.join(folder, 'package.json'), `{ "extensionDependencies": ["${MODEL_EXTENSION_ID}"] }`);
  return folder;
}

/** Installs the extension with the model, without its part `missing`. */
async function installModel(
  product: string,
  { version = MODEL_EXTENSION_VERSION, missing }: { readonly version?: string; readonly missing?: number } = {},
): Promise<ModelExtension> {
  const folder = path.join(root, product, `${MODEL_EXTENSION_ID}-${version}`);
  await mkdir(path.join(folder, 'models'), { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{}');
  for (const [index, part] of allParts(BUNDLED_MODEL_FILE).entries())
    if (index !== missing) await writeFile(path.join(folder, 'models', part), 'GGUF');
  return { folder, version };
}

/** Does what a window of a product does before it connects. */
async function openWindow(folder: string, modelExtension?: ModelExtension): Promise<void> {
  await recordInstallation(home, { folder, version: '0.1.0', modelExtension });
}

const modelOf = ({ folder }: ModelExtension): string => path.join(folder, 'models', BUNDLED_MODEL_FILE);

function environment(): NodeJS.ProcessEnv {
  return { CHORUS_HOME: home.folder };
}

function defaultOf(folder: string, extra: NodeJS.ProcessEnv = {}): Promise<string> {
  return defaultModelPath({ scriptFolder: path.join(folder, 'dist'), environment: { ...environment(), ...extra } });
}

async function assertTrouble(folder: string, code: string, message: RegExp): Promise<void> {
  await assert.rejects(
    defaultOf(folder),
    (error) => error instanceof TroubleError && error.code === code && message.test(error.message),
  );
  assert.equal(await bundledModelPath(path.join(folder, 'dist'), environment()), undefined);
}

describe('the default model of a Chorus that needs the extension with the model', () => {
  it('is the model of the extension that a window found', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium')];
    await openWindow(chorus, model);
    assert.equal(await defaultOf(chorus), modelOf(model));
    assert.equal(await bundledModelPath(path.join(chorus, 'dist'), environment()), modelOf(model));
    assert.ok(await isDefaultBundled({ scriptFolder: path.join(chorus, 'dist'), environment: environment() }));
  });

  it('is not a model that the environment names', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium')];
    const CHORUS_MODEL = path.join(root, 'other.gguf');
    await writeFile(CHORUS_MODEL, 'GGUF');
    await assert.rejects(defaultOf(chorus, { CHORUS_MODEL }), TroubleError);
    await openWindow(chorus, model);
    assert.equal(await defaultOf(chorus, { CHORUS_MODEL }), modelOf(model));
  });

  it('is the model of its own product, or else of another product', async () => {
    const codium = { chorus: await installChorus('codium'), model: await installModel('codium') };
    const cursor = { chorus: await installChorus('cursor'), model: await installModel('cursor') };
    for (const { chorus, model } of [codium, cursor]) await openWindow(chorus, model);
    assert.equal(await defaultOf(codium.chorus), modelOf(codium.model));
    assert.equal(await defaultOf(cursor.chorus), modelOf(cursor.model));
    await rm(cursor.model.folder, { recursive: true });
    assert.equal(await defaultOf(cursor.chorus), modelOf(codium.model));
  });

  it('is a model of a version that only adds to the needed version', async () => {
    const [major] = MODEL_EXTENSION_VERSION.split('.');
    const [chorus, model] = [await installChorus('codium'), await installModel('codium', { version: `${major}.9.0` })];
    await openWindow(chorus, model);
    assert.equal(await defaultOf(chorus), modelOf(model));
  });

  it('is missing before a window has found the extension, and after its removal', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium')];
    const missing = /"Chorus Model" \(chorus\.chorus-model\)\. Install it/;
    await assertTrouble(chorus, 'no-model', missing);
    await openWindow(chorus, model);
    await rm(model.folder, { recursive: true });
    await assertTrouble(chorus, 'no-model', missing);
    await openWindow(chorus);
    await assertTrouble(chorus, 'no-model', missing);
  });

  it('is refused in an incompatible version, with both versions in the message', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium', { version: '99.0.0' })];
    await openWindow(chorus, model);
    await assertTrouble(chorus, 'no-model', new RegExp(`99\\.0\\.0.* ${MODEL_EXTENSION_VERSION}\\. Update`));
  });

  it('is refused without one of its parts, which the message names', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium', { missing: 1 })];
    await openWindow(chorus, model);
    await assertTrouble(chorus, 'truncated-model', /00002-of-00003\.gguf is missing .* install it again/);
  });

  it(
    'is not taken from a record that others can write',
    { skip: process.platform === 'win32' && 'files have no such permissions there' },
    async () => {
      const [chorus, model] = [await installChorus('codium'), await installModel('codium')];
      await openWindow(chorus, model);
      const [record = ''] = await readdir(home.installationsFolder);
      await chmod(path.join(home.installationsFolder, record), 0o664);
      await assertTrouble(chorus, 'no-model', /Install it/);
    },
  );
});

describe('the default model of a Chorus with a model inside', () => {
  it('is that model, even if the extension with the model is installed too', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium')];
    const inside = path.join(chorus, 'dist/models', BUNDLED_MODEL_FILE);
    await mkdir(path.dirname(inside));
    await writeFile(inside, 'GGUF');
    await openWindow(chorus, model);
    assert.equal(await defaultOf(chorus), inside);
  });
});
