import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { builtLibraries } from '../../../kernels/native/builtLibraries.ts';
import { openLibrary } from '../../../kernels/native/library.ts';
import { built, libraryPath, sha256Of } from './directCalls.ts';

const folderOfLibraries = path.dirname(libraryPath);

describe('the library of our own kernels', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-kernels-'))));
  after(() => rm(folder, { recursive: true, force: true }));

  it('has the committed bytes on every platform', () => {
    for (const { file, sha256 } of Object.values(builtLibraries))
      assert.equal(sha256Of(path.join(folderOfLibraries, file)), sha256, file);
  });

  it('is not loaded if a byte is damaged', async () => {
    const file = path.join(folder, 'damaged.so');
    await writeFile(file, 'no library');
    const opened = openLibrary(file, { sha256: '0'.repeat(64), variant: '' });
    assert.match(
      'missing' in opened ? opened.missing : '',
      /^damaged\.so is damaged: its SHA-256 is \w+, expected 0+\./,
    );
  });

  it('is not loaded if the file is absent', () => {
    const opened = openLibrary(path.join(folder, 'absent.so'), { sha256: '', variant: '' });
    assert.match('missing' in opened ? opened.missing : '', /^absent\.so could not be loaded: .*ENOENT/);
  });

  it('is not loaded if the file is no library, though its digest fits', async () => {
    const file = path.join(folder, 'text.so');
    await writeFile(file, 'no library');
    const opened = openLibrary(file, { sha256: sha256Of(file), variant: '' });
    assert.match('missing' in opened ? opened.missing : '', /^text\.so could not be loaded: /);
  });

  it('is not loaded on another platform', async () => {
    const foreign = process.platform === 'win32' ? 'linux-x64' : 'win32-x64';
    const file = path.join(folder, 'foreign.bin');
    await copyFile(path.join(folderOfLibraries, builtLibraries[foreign]!.file), file);
    const opened = openLibrary(file, { sha256: sha256Of(file), variant: '' });
    assert.match('missing' in opened ? opened.missing : '', /^foreign\.bin could not be loaded: /);
  });

  it('does not run an unknown variant', { skip: !built && 'there are no kernels for this platform' }, () => {
    const opened = openLibrary(libraryPath, { sha256: built?.sha256 ?? '', variant: 'avx9000' });
    assert.match('missing' in opened ? opened.missing : '', /^This processor does not run avx9000 of /);
  });
});
