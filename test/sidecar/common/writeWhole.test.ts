import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeWhole } from '../../../sidecar/common/writeWhole.ts';

describe('writeWhole', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-whole-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('replaces a file, for this user alone', async () => {
    const file = path.join(folder, 'a.json');
    for (const text of ['first', 'second']) await writeWhole(file, text);
    assert.equal(await readFile(file, 'utf8'), 'second');
    assert.deepEqual(await readdir(folder), ['a.json']);
    if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600);
  });

  it('leaves no temporary file if it fails', async () => {
    await mkdir(path.join(folder, 'taken', 'within'), { recursive: true });
    await assert.rejects(writeWhole(path.join(folder, 'taken'), 'x'));
    await assert.rejects(writeWhole(path.join(folder, 'none', 'a.json'), 'x'), { code: 'ENOENT' });
    assert.deepEqual((await readdir(folder)).sort(), ['a.json', 'taken']);
  });
});
