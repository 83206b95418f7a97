import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PARTIAL_SUFFIX, PartialFile } from '../../../../sidecar/shelf/download/partialFile.ts';

const STATE = { url: 'https://models.example/model.gguf', totalBytes: 4 };
const isWindows = process.platform === 'win32';

describe('a file that is being downloaded', () => {
  let folder: string;
  let target: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-partial-'));
    target = path.join(folder, 'model.gguf');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Begins a file with these bytes. */
  async function begun(bytes: string): Promise<PartialFile> {
    const partial = await PartialFile.open(target);
    await partial.begin(STATE);
    await partial.append(Buffer.from(bytes));
    await partial.close();
    return partial;
  }

  it('continues with the bytes that are there', async () => {
    await begun('abcd');
    const { receivedBytes, state } = await PartialFile.open(target);
    assert.deepEqual([receivedBytes, state], [4, STATE]);
  });

  it('begins anew if there are more bytes than the whole file has', async () => {
    await begun('abcde');
    const { receivedBytes, state } = await PartialFile.open(target);
    assert.deepEqual([receivedBytes, state], [0, undefined]);
  });

  it('can be read by its user alone', { skip: isWindows }, async () => {
    await begun('abcd');
    assert.equal((await stat(target + PARTIAL_SUFFIX)).mode & 0o777, 0o600);
  });

  it('writes nothing through a link that takes its place', { skip: isWindows }, async () => {
    const partial = await begun('ab');
    const other = path.join(folder, 'other');
    await writeFile(other, 'kept');
    await rm(partial.path);
    await symlink(other, partial.path);
    await assert.rejects(partial.append(Buffer.from('cd')), { code: 'ELOOP' });
    assert.equal(await readFile(other, 'utf8'), 'kept');
  });
});
