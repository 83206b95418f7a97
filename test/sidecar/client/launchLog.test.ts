import assert from 'node:assert/strict';
import { execa } from 'execa';
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

describe('the log of the sidecar', () => {
  it('goes on behind what is there', async () => {
    for (const line of ['one\n', 'two\n']) await write(line);
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\ntwo\n');
    if (!isWindows) assert.equal((await lstat(home.logFile)).mode & 0o777, 0o600);
  });

  it('is written where a link has its name, and not where the link leads', { skip: isWindows }, async () => {
    await writeFile(elsewhere, 'precious');
    await symlink(elsewhere, home.logFile);
    await write('one\n');
    assert.equal(await readFile(elsewhere, 'utf8'), 'precious');
    assert.ok((await lstat(home.logFile)).isFile());
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\n');
  });

  it('makes no file where a link leads to none', { skip: isWindows }, async () => {
    await symlink(elsewhere, home.logFile);
    await write('one\n');
    await assert.rejects(lstat(elsewhere), { code: 'ENOENT' });
  });

  it('waits for nobody where a pipe has its name', { skip: isWindows }, async () => {
    await execa('mkfifo', [home.logFile]);
    await write('one\n');
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\n');
  });

  it('becomes the previous one in place of a link, and not where the link leads', { skip: isWindows }, async () => {
    await writeFile(home.logFile, 'x'.repeat(MAX_LOG_BYTES + 1));
    await writeFile(elsewhere, 'precious');
    await symlink(elsewhere, home.previousLogFile);
    await write('one\n');
    assert.equal(await readFile(elsewhere, 'utf8'), 'precious');
    assert.equal(await readFile(home.logFile, 'utf8'), 'one\n');
  });

  it('that can not be opened is told with its folder', async () => {
    await rm(home.folder, { recursive: true });
    await assert.rejects(openLaunchLog(home), {
      name: 'SidecarError',
      code: 'home-unusable',
      message: /^Chorus cannot use its folder .*chorus-log-.*ENOENT/,
    });
  });

  it('goes on up to its bound, and begins anew above it; the one before is kept', async () => {
    await writeFile(home.logFile, 'x'.repeat(MAX_LOG_BYTES));
    await write('one\n');
    assert.equal((await stat(home.logFile)).size, MAX_LOG_BYTES + 4);
    await write('two\n');
    assert.equal(await readFile(home.logFile, 'utf8'), 'two\n');
    assert.equal((await stat(home.previousLogFile)).size, MAX_LOG_BYTES + 4);
  });
});

describe('the last lines of the log', () => {
  it('begin where a process began to write', async () => {
    await writeFile(home.logFile, 'of another\nof this\n');
    assert.equal(await readLogTail(home, 'of another\n'.length), 'of this');
  });

  it('begin with the log where that is shorter than it was', async () => {
    await writeFile(home.logFile, 'begun anew\n');
    assert.equal(await readLogTail(home, 1_000), 'begun anew');
  });

  it('are 20, and of a line without an end its last 8 KiB', async () => {
    await writeFile(home.logFile, Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n'));
    assert.deepEqual(
      [(await readLogTail(home)).split('\n').length, (await readLogTail(home)).split('\n')[0]],
      [20, 'line 30'],
    );
    await writeFile(home.logFile, 'x'.repeat(100_000));
    assert.equal((await readLogTail(home)).length, 8_192);
  });

  it('are none where there is no log', async () => assert.equal(await readLogTail(home), ''));
});
