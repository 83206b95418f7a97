import assert from 'node:assert/strict';
import { execa } from 'execa';
import { symlinkSync } from 'node:fs';
import { lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { homeFiles, type Home } from '../../../sidecar/common/home.ts';
import { MAX_LOG_BYTES, openLaunchLog, readLogTail } from '../../../sidecar/client/launchLog.ts';

const isWindows = process.platform === 'win32';
let home: Home;
let elsewhere: string;
beforeEach(async () => {
  home = homeFiles(await mkdtemp(path.join(os.tmpdir(), 'chorus-log-')));
  elsewhere = path.join(home.folder, 'elsewhere');
});
afterEach(() => rm(home.folder, { recursive: true, force: true }));

async function write(line: string): Promise<void> {
  const log = await openLaunchLog(home);
  await log.writeFile(line);
  await log.close();
}

describe('openLaunchLog', () => {
  it('appends to the log', async () => {
    for (const line of ['one\n', 'two\n']) await write(line);
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\ntwo\n');
    if (!isWindows) assert.equal((await lstat(home.logFile)).mode & 0o777, 0o600);
  });

  it('replaces a link and does not write to its target', { skip: isWindows }, async () => {
    await writeFile(elsewhere, 'precious');
    await symlink(elsewhere, home.logFile);
    await write('one\n');
    assert.equal(await readFile(elsewhere, 'utf8'), 'precious');
    assert.ok((await lstat(home.logFile)).isFile());
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\n');
  });

  it('creates no target of a broken link', { skip: isWindows }, async () => {
    await symlink(elsewhere, home.logFile);
    await write('one\n');
    await assert.rejects(lstat(elsewhere), { code: 'ENOENT' });
  });

  it('does not follow a link that appears after the check', { skip: isWindows }, async () => {
    await writeFile(elsewhere, 'precious');
    let uses = 0;
    const raced: Home = {
      ...home,
      get logFile() {
        if (++uses === 2) symlinkSync(elsewhere, home.logFile);
        return home.logFile;
      },
    };
    await assert.rejects(openLaunchLog(raced), { code: 'home-unusable', message: /ELOOP/ });
    assert.equal(uses, 2, 'the check and the opening');
  });

  it('replaces a pipe without waiting for a reader', { skip: isWindows }, async () => {
    await execa('mkfifo', [home.logFile]);
    await write('one\n');
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\n');
  });

  it('replaces a link at the previous log and does not write to its target', { skip: isWindows }, async () => {
    await writeFile(home.logFile, 'x'.repeat(MAX_LOG_BYTES + 1));
    await writeFile(elsewhere, 'precious');
    await symlink(elsewhere, home.previousLogFile);
    await write('one\n');
    assert.equal(await readFile(elsewhere, 'utf8'), 'precious');
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\n');
  });

  it('names the folder if the log can’t be opened', async () => {
    await rm(home.folder, { recursive: true });
    await assert.rejects(openLaunchLog(home), {
      name: 'SidecarError',
      code: 'home-unusable',
      message: /^Chorus cannot use its folder .*chorus-log-.*ENOENT/,
    });
  });

  it('begins a new log above the size limit, and keeps the previous log', async () => {
    await writeFile(home.logFile, 'x'.repeat(MAX_LOG_BYTES));
    await write('one\n');
    assert.equal((await stat(home.logFile)).size, MAX_LOG_BYTES + 4);
    await write('two\n');
    assert.equal(await readFile(home.logFile, 'utf8'), 'two\n');
    assert.equal((await stat(home.previousLogFile)).size, MAX_LOG_BYTES + 4);
  });
});

describe('readLogTail', () => {
  it('begins at the byte where a process began to write', async () => {
    await writeFile(home.logFile, 'of another\nof this\n');
    assert.equal(await readLogTail(home, 'of another\n'.length), 'of this');
  });

  it('begins at the start of a log that became shorter', async () => {
    await writeFile(home.logFile, 'begun anew\n');
    assert.equal(await readLogTail(home, 1_000), 'begun anew');
  });

  it('returns 20 lines, and the last 8 KiB of an endless line', async () => {
    await writeFile(home.logFile, Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n'));
    assert.deepEqual(
      [(await readLogTail(home)).split('\n').length, (await readLogTail(home)).split('\n')[0]],
      [20, 'line 30'],
    );
    await writeFile(home.logFile, 'x'.repeat(100_000));
    assert.equal((await readLogTail(home)).length, 8_192);
  });

  it('is empty without a log', async () => assert.equal(await readLogTail(home), ''));
});
