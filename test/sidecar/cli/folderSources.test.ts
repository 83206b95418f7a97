import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { UsageError } from '../../../sidecar/cli/exitCodes.ts';
import { readFolderSources } from '../../../sidecar/cli/folderSources.ts';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Makes a folder with these files. */
async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-sources-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  return folder;
}

async function pathsOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<readonly string[]> {
  return (await readFolderSources(await folderOf(files))).files.map(({ path: each }) => each);
}

describe('sources of a folder', () => {
  it('are code files by their paths, in order', async () => {
    const folder = await folderOf({
      'b.ts': 'let b = 1;\n',
      'a/c.py': 'c = 1\n',
      'notes.md': 'Words.',
      'x.json': '{}',
    });
    assert.deepEqual((await readFolderSources(folder)).files, [
      { path: 'a/c.py', text: 'c = 1\n' },
      { path: 'b.ts', text: 'let b = 1;\n' },
    ]);
  });

  it('include no secret file, and count it', async () => {
    const folder = await folderOf({ 'a.ts': 'a;', 'wp-config.php': '<?php $password = 1;', '.ssh/helper.py': 'x = 1' });
    const { files, leftOut } = await readFolderSources(folder);
    assert.deepEqual(
      files.map(({ path: each }) => each),
      ['a.ts'],
    );
    assert.equal(leftOut.secret, 1);
  });

  it('include no file that an added pattern names', async () => {
    const folder = await folderOf({ 'a.ts': 'a;', 'internal/b.ts': 'b;' });
    const { files } = await readFolderSources(folder, { secretFiles: ['internal/'] });
    assert.deepEqual(
      files.map(({ path: each }) => each),
      ['a.ts'],
    );
  });

  it('include no ignored file, by the rules of the folder and those below it', async () => {
    const files = {
      '.gitignore': 'generated/\n',
      'generated/a.ts': 'a;',
      'src/.chorusignore': 'b.ts\n',
      'src/b.ts': 'b;',
      'src/c.ts': 'c;',
    };
    assert.deepEqual(await pathsOf(files), ['src/c.ts']);
  });

  it('follow the rules of the repository around the folder', async () => {
    const folder = await folderOf({ '.git/HEAD': '', '.gitignore': 'app/b.ts\n', 'app/b.ts': 'b;', 'app/c.ts': 'c;' });
    const { files } = await readFolderSources(path.join(folder, 'app'));
    assert.deepEqual(
      files.map(({ path: each }) => each),
      ['c.ts'],
    );
  });

  it('of a nested repository are subject to its rules and to those around it', async () => {
    const files = {
      '.git/HEAD': '',
      '.gitignore': '*.gen.ts\n',
      'inner/.git/HEAD': '',
      'inner/.gitignore': '!*.gen.ts\nown.ts\n',
      'inner/a.gen.ts': 'a;',
      'inner/own.ts': 'b;',
      'inner/c.ts': 'c;',
    };
    assert.deepEqual(await pathsOf(files), ['inner/c.ts']);
  });

  it('include neither links nor downloaded folders', async () => {
    const folder = await folderOf({ 'a.ts': 'a;', 'node_modules/b.ts': 'b;' });
    const outside = await folderOf({ 'c.ts': 'c;' });
    await symlink(path.join(outside, 'c.ts'), path.join(folder, 'c.ts'));
    await symlink(outside, path.join(folder, 'linked'));
    assert.deepEqual(
      (await readFolderSources(folder)).files.map(({ path: each }) => each),
      ['a.ts'],
    );
  });

  it('include no binary, empty, oversized or minified file, and count them', async () => {
    const folder = await folderOf({
      'a.ts': 'a;',
      'binary.ts': new Uint8Array([97, 0, 98]),
      'blank.ts': ' \n',
      'large.ts': 'a;\n'.repeat(400_000),
      'minified.js': 'a;'.repeat(4_000),
    });
    const { files, leftOut } = await readFolderSources(folder);
    assert.deepEqual([files.length, leftOut.unfit], [1, 4]);
  });

  it('tell which known paths are forbidden now', async () => {
    const folder = await folderOf({
      '.gitignore': 'generated/\n',
      'generated/a.ts': 'a;',
      'src/.gitignore': 'b.ts\n',
      'src/b.ts': 'b;',
      'src/c.ts': 'c;',
      'wp-config.php': '<?php',
    });
    const sources = await readFolderSources(folder);
    const paths = ['generated/a.ts', 'src/b.ts', 'src/c.ts', 'wp-config.php', 'src/gone.ts', 'gone/d.ts'];
    const forbidden = await Promise.all(paths.map((each) => sources.forbids(each)));
    assert.deepEqual(forbidden, [true, true, false, true, false, false]);
  });

  it('are refused for a folder that does not exist', async () => {
    await assert.rejects(readFolderSources('/nowhere/at/all'), UsageError);
  });
});
