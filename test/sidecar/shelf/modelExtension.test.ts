import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, mkdtemp, open, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { linkOrCopy } from '../../../.scripts/package/linkTree.ts';
import { recordInstallation } from '../../../sidecar/client/installations.ts';
import { homeFiles, type Home } from '../../../sidecar/common/home.ts';
import {
  MODEL_EXTENSION_ID,
  MODEL_EXTENSION_VERSION,
  type ModelExtension,
} from '../../../sidecar/common/modelExtension.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { allParts } from '../../../sidecar/models/gguf/validate.ts';
import {
  BUNDLED_MODEL_FILE,
  bundledModelPath,
  defaultModelPath,
  isDefaultBundled,
} from '../../../sidecar/shelf/defaultModel.ts';

/** The model that this build knows. */
const KNOWN_PARTS = allParts(fileURLToPath(new URL(`../../../media/models/${BUNDLED_MODEL_FILE}`, import.meta.url)));

let root: string;
let home: Home;

beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(os.tmpdir(), 'chorus-model-extension-')));
  home = homeFiles(path.join(root, 'home'));
  await mkdir(home.folder);
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Installs a Chorus without a model inside. Returns its folder. */
async function installChorus(product: string): Promise<string> {
  const folder = path.join(root, product, 'chorus.chorus-0.1.0');
  await mkdir(path.join(folder, 'dist'), { recursive: true, mode: 0o755 });
  await writeFile(path.join(folder, 'package.json'), `{ "extensionDependencies": ["${MODEL_EXTENSION_ID}"] }`);
  return folder;
}

interface InstalledModel {
  readonly version?: string;
  /** The number of a part that is not there. */
  readonly missing?: number;
  /** Whether the parts are others than those that this build knows. */
  readonly isForeign?: boolean;
}

/** Installs the extension with the model. */
async function installModel(
  product: string,
  { version = MODEL_EXTENSION_VERSION, missing, isForeign = false }: InstalledModel = {},
): Promise<ModelExtension> {
  const folder = path.join(root, product, `${MODEL_EXTENSION_ID}-${version}-universal`);
  await mkdir(path.join(folder, 'models'), { recursive: true, mode: 0o755 });
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ version }));
  for (const [index, part] of KNOWN_PARTS.entries()) {
    const file = path.join(folder, 'models', path.basename(part));
    if (index !== missing) await (isForeign ? writeFile(file, 'GGUF') : linkOrCopy(part, file));
  }
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

describe('the default model in an extension beside Chorus', () => {
  it('is found before a window has recorded it', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium')];
    assert.equal(await defaultOf(chorus), modelOf(model));
    assert.equal(await bundledModelPath(path.join(chorus, 'dist'), environment()), modelOf(model));
    assert.ok(await isDefaultBundled({ scriptFolder: path.join(chorus, 'dist'), environment: environment() }));
  });

  it('is not a model that the environment names', async () => {
    const chorus = await installChorus('codium');
    const CHORUS_MODEL = path.join(root, 'other.gguf');
    await writeFile(CHORUS_MODEL, 'GGUF');
    await assert.rejects(defaultOf(chorus, { CHORUS_MODEL }), TroubleError);
    const model = await installModel('codium');
    assert.equal(await defaultOf(chorus, { CHORUS_MODEL }), modelOf(model));
  });

  it('goes before the records in a folder that the environment names', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('codium')];
    await openWindow(chorus, await installModel('cursor'));
    assert.equal(await defaultOf(chorus), modelOf(model));
  });

  it('may be another model of a version that this Chorus can use, and the newest of these', async () => {
    const [major] = MODEL_EXTENSION_VERSION.split('.');
    const chorus = await installChorus('codium');
    for (const version of [`${major}.2.0`, '99.0.0', `${major}.9.0`])
      await installModel('codium', { version, isForeign: true });
    const newest = await installModel('codium', { version: `${major}.10.0`, isForeign: true });
    assert.equal(await defaultOf(chorus), modelOf(newest));
  });

  it('is refused in an incompatible version, with both versions in the message', async () => {
    const chorus = await installChorus('codium');
    await installModel('codium', { version: '99.0.0' });
    await assertTrouble(chorus, 'no-model', new RegExp(`99\\.0\\.0.* ${MODEL_EXTENSION_VERSION}\\. Update`));
  });

  it('is refused without one of its parts, which the message names', async () => {
    const chorus = await installChorus('codium');
    await installModel('codium', { missing: 1 });
    await assertTrouble(chorus, 'truncated-model', /00002-of-00003\.gguf is missing .* install it again/);
  });
});

describe('the default model in an extension that a window recorded', () => {
  it('is found elsewhere, in every version that this Chorus can use', async () => {
    const [major] = MODEL_EXTENSION_VERSION.split('.');
    const [chorus, model] = [await installChorus('codium'), await installModel('else', { version: `${major}.9.0` })];
    await openWindow(chorus, model);
    assert.equal(await defaultOf(chorus), modelOf(model));
  });

  it('is the model of its own record, or else of another product', async () => {
    const codium = { chorus: await installChorus('codium'), model: await installModel('codium models') };
    const cursor = { chorus: await installChorus('cursor'), model: await installModel('cursor models') };
    for (const { chorus, model } of [codium, cursor]) await openWindow(chorus, model);
    assert.equal(await defaultOf(codium.chorus), modelOf(codium.model));
    assert.equal(await defaultOf(cursor.chorus), modelOf(cursor.model));
    await rm(cursor.model.folder, { recursive: true });
    assert.equal(await defaultOf(cursor.chorus), modelOf(codium.model));
  });

  it('is missing before a window has found the extension, and after its removal', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('else')];
    const missing = /"Chorus Model" \(chorus\.chorus-model\)\. Install it/;
    await assertTrouble(chorus, 'no-model', missing);
    await openWindow(chorus, model);
    await rm(model.folder, { recursive: true });
    await assertTrouble(chorus, 'no-model', missing);
    await openWindow(chorus);
    await assertTrouble(chorus, 'no-model', missing);
  });

  it('is refused in an incompatible version and without one of its parts', async () => {
    const chorus = await installChorus('codium');
    await openWindow(chorus, await installModel('else', { version: '99.0.0' }));
    await assertTrouble(chorus, 'no-model', /99\.0\.0/);
    await openWindow(chorus, await installModel('another', { missing: 1 }));
    await assertTrouble(chorus, 'truncated-model', /00002-of-00003\.gguf is missing/);
  });

  it('is refused if it is another model than this build knows, since the environment chose the records', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('else', { isForeign: true })];
    await openWindow(chorus, model);
    await assertTrouble(chorus, 'no-model', /another model than this Chorus knows\. Install version 1\./);
  });

  it('is refused after a change of one byte at the end of its header', async () => {
    const [chorus, model] = [await installChorus('codium'), await installModel('else', { missing: 0 })];
    await copyFile(KNOWN_PARTS[0] as string, modelOf(model));
    await openWindow(chorus, model);
    assert.equal(await defaultOf(chorus), modelOf(model));
    const file = await open(modelOf(model), 'r+');
    await file.write(Buffer.of(1), 0, 1, (await readGgufHeader(modelOf(model))).dataOffsetBytes - 1);
    await file.close();
    await assertTrouble(chorus, 'no-model', /another model/);
  });

  it(
    'is not taken from a record that others can change, which the message names',
    { skip: process.platform === 'win32' && 'files have no such permissions there' },
    async () => {
      const [chorus, model] = [await installChorus('codium'), await installModel('else')];
      await openWindow(chorus, model);
      const [record = ''] = await readdir(home.installationsFolder);
      await chmod(path.join(home.installationsFolder, record), 0o664);
      await assertTrouble(chorus, 'no-model', new RegExp(`other users can change .*${record}`));
      await openWindow(chorus, model);
      assert.equal(await defaultOf(chorus), modelOf(model));
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
