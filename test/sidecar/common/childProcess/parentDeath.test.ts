import assert from 'node:assert/strict';
import { execa } from 'execa';
import { once } from 'node:events';
import process from 'node:process';
import { describe, it } from 'node:test';
import { isRunning } from '../../../isRunning.ts';
import { until } from '../../front/support/sidecar.ts';

const tsx = ['--import', import.meta.resolve('tsx')];
const parentDeath = JSON.stringify(
  new URL('../../../../sidecar/common/childProcess/parentDeath.ts', import.meta.url).href,
);
const child = `import { dieWithParent } from ${parentDeath}; dieWithParent(); setInterval(() => undefined, 1000); process.stdout.write(String(process.pid));`;
const parent = `import { spawn } from 'node:child_process'; spawn(process.execPath, ${JSON.stringify([...tsx, '--input-type=module', '--eval', child])}, { stdio: ['ignore', 'inherit', 'inherit'] });`;

describe('dieWithParent', { skip: process.platform !== 'linux' && 'only Linux has a signal for this' }, () => {
  it('ends a stopped process when its parent is killed', async () => {
    const killed = execa(process.execPath, [...tsx, '--input-type=module', '--eval', parent], {
      reject: false,
      buffer: false,
      stderr: 'inherit',
    });
    const [output] = (await once(killed.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    try {
      process.kill(pid, 'SIGSTOP');
      assert.ok(isRunning(pid));
      killed.kill('SIGKILL');
      await until(() => !isRunning(pid), 'the stopped child is gone', 60_000);
    } finally {
      if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});
