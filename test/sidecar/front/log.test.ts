import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, open, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { MAX_LOG_BYTES } from '../../../sidecar/client/launchLog.ts';

const script = `
  import { standardErrorLog } from ${JSON.stringify(new URL('../../../sidecar/front/log.ts', import.meta.url).href)};
  const [logFile, previousLogFile] = process.argv.slice(-2);
  const log = standardErrorLog(logFile === '' ? undefined : { logFile, previousLogFile });
  log.info('a line');
  if (logFile === 'errors') {
    const cause = Object.assign(new TypeError('const secret = 1;'), { code: 'EWORD' });
    log.error('chorus/chat failed', new RangeError('secret of the user\\n    at secret (file)', { cause }));
  }
  setImmediate(() => console.log('lives'));`;

/** Returns the output of a process that has `file` as standard error and writes a line to its log. */
async function logTo(file: string, files: readonly [string, string]): Promise<string> {
  const output = await open(file, 'a');
  try {
    const { stdout } = await execa(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script, '--', ...files],
      { stderr: output.fd as 9, reject: false },
    );
    return stdout;
  } finally {
    await output.close();
  }
}

describe('the log of the front', { skip: process.platform === 'win32' }, () => {
  it('contains the kind of an error and where it was raised, but not its message, which may quote code', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-log-'));
    try {
      const log = path.join(folder, 'log');
      assert.equal(await logTo(log, ['errors', path.join(folder, 'previous')]), 'lives');
      const text = await readFile(log, 'utf8');
      assert.match(text, /chorus\/chat failed: RangeError\n {4}at /);
      assert.match(text, /caused by TypeError \(EWORD\)\n {4}at /);
      assert.doesNotMatch(text, /secret/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('replaces a link at the name of the previous log, and does not write through it', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-log-'));
    const [log, previous, elsewhere] = ['log', 'previous', 'elsewhere'].map((name) => path.join(folder, name)) as [
      string,
      string,
      string,
    ];
    try {
      await writeFile(log, 'x'.repeat(MAX_LOG_BYTES));
      await writeFile(elsewhere, 'precious');
      await symlink(elsewhere, previous);
      assert.equal(await logTo(log, [log, previous]), 'lives');
      assert.equal(await readFile(elsewhere, 'utf8'), 'precious');
      assert.equal((await readFile(previous, 'utf8')).length, MAX_LOG_BYTES);
      assert.match(await readFile(log, 'utf8'), /^\S+ a line\n$/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not end the process if it cannot be written', { skip: process.platform !== 'linux' }, async () => {
    assert.equal(await logTo('/dev/full', ['', '']), 'lives');
  });
});
