import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { homeFiles, type Home } from '../../../sidecar/common/home.ts';
import {
  forgetInstallation,
  isInstalled,
  recordedModelExtensions,
  recordInstallation,
  type Installation,
} from '../../../sidecar/client/installations.ts';

describe('installations', () => {
  let root: string;
  let home: Home;
  beforeEach(async () => {
    root = await mkdtemp(path.join(os.tmpdir(), 'chorus-installations-'));
    home = homeFiles(path.join(root, 'home'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** Creates the extension in a product's folder. */
  async function installed(product: string, version: string): Promise<Installation> {
    const folder = path.join(root, product, 'extensions', `chorus-${version}`);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'package.json'), '{}');
    return { folder, version };
  }

  /** Creates the extension in a product's folder and records it. */
  async function used(product: string, version: string): Promise<Installation> {
    const installation = await installed(product, version);
    await recordInstallation(home, installation);
    return installation;
  }

  const remove = ({ folder }: Installation): Promise<void> => rm(folder, { recursive: true });
  const records = (): Promise<string[]> => readdir(home.installationsFolder);

  it('has none without a valid record', async () => {
    assert.equal(await isInstalled(home), false);
    await forgetInstallation(home, await installed('code', '1.0.0'));
    await mkdir(home.installationsFolder, { recursive: true });
    for (const [index, text] of ['', 'null', '{"folder":1}'].entries())
      await writeFile(path.join(home.installationsFolder, `${index}.json`), text);
    assert.equal(await isInstalled(home), false);
  });

  it('has a product until its removal', async () => {
    const [code, cursor] = [await used('code', '1.0.0'), await used('cursor', '1.0.0')];
    // The product deletes the folder after the hook.
    await forgetInstallation(home, code);
    assert.equal(await isInstalled(home), true);
    await forgetInstallation(home, cursor);
    assert.equal(await isInstalled(home), false);
  });

  it('has no product whose folder or extension is gone', async () => {
    const [code, cursor] = [await used('code', '1.0.0'), await used('cursor', '1.0.0')];
    await remove(code);
    assert.equal(await isInstalled(home), true);
    await rm(path.join(cursor.folder, 'package.json'));
    assert.equal(await isInstalled(home), false);
  });

  it('keeps one record for each version on disk', async () => {
    const old = await used('code', '1.0.0');
    await used('code', '1.0.0');
    assert.equal((await records()).length, 1);
    await used('code', '1.1.0');
    await remove(old);
    await used('code', '1.2.0');
    assert.equal((await records()).length, 2);
  });

  it('keeps a product whose update removes the older version', async () => {
    const old = await used('code', '1.0.0');
    await used('code', '1.1.0');
    await forgetInstallation(home, old);
    assert.equal(await isInstalled(home), true);
  });

  it('forgets older versions beside the newest when it is removed', async () => {
    await used('code', '1.0.0');
    await forgetInstallation(home, await used('code', '1.1.0'));
    assert.equal(await isInstalled(home), false);
  });

  it('records the extension with the default model, and forgets it with the product', async () => {
    const code = await installed('code', '1.0.0');
    const modelExtension = { folder: path.join(root, 'code', 'extensions', 'model-1.0.0'), version: '1.0.0' };
    await recordInstallation(home, { ...code, modelExtension });
    assert.deepEqual(await recordedModelExtensions(home, code.folder), [modelExtension]);
    await recordInstallation(home, code);
    assert.deepEqual(await recordedModelExtensions(home, code.folder), []);
    await recordInstallation(home, { ...code, modelExtension });
    await forgetInstallation(home, code);
    assert.deepEqual(await recordedModelExtensions(home, code.folder), []);
  });

  it(
    'compares folders by the targets of links',
    { skip: process.platform === 'win32' && 'links need permissions there' },
    async () => {
      const { folder, version } = await installed('code', '1.0.0');
      await symlink(path.join(root, 'code'), path.join(root, 'link'));
      await recordInstallation(home, { folder: folder.replace('code', 'link'), version });
      await forgetInstallation(home, { folder, version });
      assert.equal(await isInstalled(home), false);
    },
  );
});
