import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { LocalModel } from '../../../sidecar/protocol/client.ts';
import { isPathInside } from '../../../sidecar/common/findFiles.ts';
import { removeModel, requireUnused } from '../../../sidecar/shelf/removeModel.ts';

describe('removeModel', () => {
  let folder: string;
  let models: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-remove-'));
    models = path.join(folder, 'models');
    for (const name of ['models/imported', 'models2', 'other'])
      await mkdir(path.join(folder, name), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function file(name: string): Promise<string> {
    await writeFile(path.join(folder, name), 'GGUF');
    return path.join(folder, name);
  }
  const known = (...paths: string[]): LocalModel[] => paths.map((each) => ({ path: each }) as LocalModel);

  it('removes all parts and partial downloads of a model, and no other file', async () => {
    const parts = await Promise.all(
      ['models/imported/a-00001-of-00002.gguf', 'models/imported/a-00002-of-00002.gguf'].map(file),
    );
    const partial = await file('models/imported/a-00002-of-00002.gguf.part');
    const other = await file('models/imported/b.gguf');
    await removeModel(parts[0] as string, models, known(...parts, other));
    assert.deepEqual(
      [...parts, partial, other].map((each) => existsSync(each)),
      [false, false, false, true],
    );
  });

  it('leaves a model outside the models folder, since it belongs to another tool', async () => {
    for (const name of ['other/a.gguf', 'models2/a.gguf', 'a.gguf']) {
      const outside = await file(name);
      for (const written of [outside, path.join(models, '..', name)])
        await assert.rejects(
          removeModel(written, models, known(outside)),
          /is no model that Chorus downloaded or imported/,
        );
      assert.ok(existsSync(outside), name);
    }
  });

  it('leaves a file that is no known model, even if its name is that of one', async () => {
    const [wanted, namesake] = [await file('models/a.gguf'), await file('models/imported/a.gguf')];
    await assert.rejects(removeModel(wanted, models, known(namesake)), /is no model/);
    assert.deepEqual(
      [wanted, namesake].map((each) => existsSync(each)),
      [true, true],
    );
  });

  it('refuses the chosen model, however its path is written', async () => {
    const chosen = await file('models/a.gguf');
    const link = path.join(folder, 'link.gguf');
    await symlink(chosen, link);
    for (const [removed, used] of [
      [chosen, chosen],
      [chosen, link],
      [link, chosen],
    ] as const)
      await assert.rejects(requireUnused(removed, used), /is in use/);
    await requireUnused(await file('models/b.gguf'), chosen);
    await requireUnused(path.join(models, 'gone.gguf'), path.join(models, 'gone.gguf'));
  });
});

describe('isPathInside', () => {
  const rows: readonly (readonly [file: string, isInside: boolean])[] = [
    ['/a/b', true],
    ['/a/b/c', true],
    ['/a/..b', true],
    ['/a', false],
    ['/ab', false],
    ['/', false],
    ['/a/../b', false],
    ['/b/a/c', false],
  ];
  for (const [file, isInside] of rows)
    it(`/a: ${file} is ${isInside ? '' : 'not '}`, () =>
      assert.equal(isPathInside(path.resolve(file), path.resolve('/a')), isInside));
});
