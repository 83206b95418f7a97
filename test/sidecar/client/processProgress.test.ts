import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { ProcessProgress } from '../../../sidecar/client/processProgress.ts';
import { until } from '../front/support/sidecar.ts';

describe('the progress of a process', { skip: process.platform !== 'linux' && 'only Linux can tell' }, () => {
  /** Starts a process that runs `script` after it has said that it is there. It ends with the scope. */
  async function started(script: string): Promise<{ pid: number } & Disposable> {
    const child = spawn(process.execPath, ['-e', `process.stdout.write('there'); ${script}`], { stdio: 'pipe' });
    await once(child.stdout, 'data');
    return { pid: child.pid as number, [Symbol.dispose]: () => child.kill('SIGKILL') };
  }

  it('is made by a process that computes', async () => {
    using child = await started('for (;;);');
    const progress = new ProcessProgress(child.pid);
    for (let look = 0; look < 20; look++) assert.ok(await progress.isMade());
  });

  it('is not made by a process that waits', async () => {
    using child = await started('setInterval(() => undefined, 2 ** 30);');
    const progress = new ProcessProgress(child.pid);
    await until(async () => !(await progress.isMade()), 'the process waits');
  });

  it('is not made by a process that is stopped while it computes', async () => {
    using child = await started('for (;;);');
    process.kill(child.pid, 'SIGSTOP');
    const progress = new ProcessProgress(child.pid);
    await until(async () => !(await progress.isMade()), 'the process is stopped');
    assert.ok(!(await progress.isMade()));
  });

  it('is not made by a process that is gone', async () => {
    let pid: number;
    {
      using child = await started('');
      ({ pid } = child);
    }
    await until(async () => !(await new ProcessProgress(pid).isMade()), 'the process is gone');
  });
});

describe('the progress of a process that could not be started', () => {
  it('is assumed', async () => assert.ok(await new ProcessProgress(undefined).isMade()));
});
