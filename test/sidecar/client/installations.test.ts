import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
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
    root = await realpath(await mkdtemp(path.join(os.tmpdir(), 'chorus-installations-')));
    home = homeFiles(path.join(root, 'home'));
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  /** Creates the extension in a product's folder. */
  async function installed(product: string, version: string): Promise<Installation> {
    const folder = path.join(root, product, 'extensions', `chorus-${version}`);
    // Some systems let the group write into new folders.
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await writeFile(path.join(folder, 'package.json'), '{}');
    return { folder, version };
  }

  /** Creates the extension and its model's extension in a product's folder. */
  async function installedWithModel(product: string) {
    const { folder, version } = await installed(product, '1.0.0');
    const modelExtension = { folder: path.join(path.dirname(folder), 'model-1.0.0'), version: '1.0.0' };
    await mkdir(modelExtension.folder, { mode: 0o755 });
    return { folder, version, modelExtension };
  }

  /** Creates the extension and its model's extension, and records both. */
  async function usedWithModel(product: string) {
    const installation = await installedWithModel(product);
    await recordInstallation(home, installation);
    return installation;
  }

  async function onlyRecord(): Promise<string> {
    const [name, ...others] = await records();
    assert.ok(name !== undefined && others.length === 0);
    return path.join(home.installationsFolder, name);
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
    const { modelExtension, ...code } = await installedWithModel('code');
    const trusted = async () => (await recordedModelExtensions(home, code.folder)).trusted;
    await recordInstallation(home, { ...code, modelExtension });
    assert.deepEqual(await trusted(), [modelExtension]);
    await recordInstallation(home, code);
    assert.deepEqual(await trusted(), []);
    await recordInstallation(home, { ...code, modelExtension });
    await forgetInstallation(home, code);
    assert.deepEqual(await trusted(), []);
  });

  it('does not trust the record of a deleted product', async () => {
    const { folder } = await usedWithModel('code');
    await rm(path.join(folder, 'package.json'));
    assert.deepEqual(await recordedModelExtensions(home, folder), { trusted: [], ignored: [] });
  });

  it('does not trust a relative path', async () => {
    const { folder, version, modelExtension } = await usedWithModel('code');
    const record = await onlyRecord();
    const relative = (target: string): string => path.relative(process.cwd(), target);
    for (const changed of [
      { folder: relative(folder), version, modelExtension },
      { folder, version, modelExtension: { ...modelExtension, folder: relative(modelExtension.folder) } },
    ]) {
      await writeFile(record, JSON.stringify(changed));
      assert.deepEqual(await recordedModelExtensions(home, folder), { trusted: [], ignored: [] });
    }
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

  describe('with permissions and links', { skip: process.platform === 'win32' && 'Windows has no such bits' }, () => {
    it('names a record that others can read, and writes it again', async () => {
      const installation = await usedWithModel('code');
      const record = await onlyRecord();
      await chmod(record, 0o644);
      assert.deepEqual(await recordedModelExtensions(home, installation.folder), { trusted: [], ignored: [record] });
      await recordInstallation(home, installation);
      assert.equal((await stat(record)).mode & 0o777, 0o600);
      assert.deepEqual((await recordedModelExtensions(home, installation.folder)).trusted, [
        installation.modelExtension,
      ]);
    });

    it('does not follow a record that is a link, and replaces it', async () => {
      const installation = await usedWithModel('code');
      const record = await onlyRecord();
      await rename(record, path.join(root, 'elsewhere.json'));
      await symlink(path.join(root, 'elsewhere.json'), record);
      assert.deepEqual(await recordedModelExtensions(home, installation.folder), { trusted: [], ignored: [] });
      await recordInstallation(home, installation);
      assert.deepEqual((await recordedModelExtensions(home, installation.folder)).trusted, [
        installation.modelExtension,
      ]);
    });

    it('names the folder of records if others can write in it, and closes it', async () => {
      const installation = await usedWithModel('code');
      await chmod(home.installationsFolder, 0o770);
      assert.deepEqual(await recordedModelExtensions(home, installation.folder), {
        trusted: [],
        ignored: [home.installationsFolder],
      });
      await recordInstallation(home, installation);
      assert.deepEqual((await recordedModelExtensions(home, installation.folder)).trusted, [
        installation.modelExtension,
      ]);
    });

    it('does not trust a folder of records that is a link', async () => {
      const { folder } = await usedWithModel('code');
      const target = path.join(root, 'records');
      await rename(home.installationsFolder, target);
      await symlink(target, home.installationsFolder);
      assert.deepEqual(await recordedModelExtensions(home, folder), {
        trusted: [],
        ignored: [home.installationsFolder],
      });
    });

    it('names an extension that others can write in, also behind a link', async () => {
      const { folder, version, modelExtension } = await installedWithModel('code');
      const link = path.join(root, 'link');
      await symlink(modelExtension.folder, link);
      await recordInstallation(home, { folder, version, modelExtension: { ...modelExtension, folder: link } });
      assert.deepEqual(await recordedModelExtensions(home, folder), { trusted: [modelExtension], ignored: [] });
      for (const loose of [modelExtension.folder, folder]) {
        await chmod(loose, 0o775);
        assert.deepEqual(await recordedModelExtensions(home, folder), { trusted: [], ignored: [loose] });
        await chmod(loose, 0o755);
      }
    });

    it('names an extension of another user', { skip: process.getuid?.() !== 0 && 'only root can give' }, async () => {
      const { folder, modelExtension } = await usedWithModel('code');
      await chown(modelExtension.folder, 12_345, 12_345);
      assert.deepEqual(await recordedModelExtensions(home, folder), { trusted: [], ignored: [modelExtension.folder] });
    });

    it('still counts a product whose record others can read', async () => {
      await usedWithModel('code');
      await chmod(await onlyRecord(), 0o644);
      assert.equal(await isInstalled(home), true);
    });
  });
});
