import assert from 'node:assert/strict';
import { execa } from 'execa';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { isRunning } from '../../../isRunning.ts';
import { until } from '../../front/support/sidecar.ts';

const tsx = ['--import', import.meta.resolve('tsx')];
const module = (name: string): string =>
  JSON.stringify(new URL(`../../../../sidecar/common/childProcess/${name}`, import.meta.url).href);

/** A child that loops forever after its lifeline sent a pulse. */
const child = `
  import { startLifeline } from ${module('lifeline.ts')};
  startLifeline({ nativeCalls: new Int32Array(new SharedArrayBuffer(8)) });
  setInterval(() => undefined, 1000);
  process.on('SIGINT', () => undefined);
  process.on('message', () => { process.send('looping'); for (;;); });`;

/** Starts the child as Chorus starts its children, and prints its process id once it loops. */
const parent = `
  import { spawn } from 'node:child_process';
  import { lifelineEnvironment } from ${module('pulse.ts')};
  const child = spawn(process.execPath, ${JSON.stringify([...tsx, '--input-type=module', '--eval', child])}, { stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'ipc'], env: { ...process.env, ...lifelineEnvironment } });
  child.stdio[3].once('data', () => child.send('loop'));
  child.once('message', () => console.log(child.pid));`;

describe('lifeline', () => {
  it('ends a looping child when its parent is killed', async () => {
    const killed = execa(process.execPath, [...tsx, '--input-type=module', '--eval', parent], {
      reject: false,
      buffer: false,
      stderr: 'inherit',
    });
    const [output] = (await once(killed.stdout, 'data')) as [Buffer];
    const pid = Number(output.toString());
    assert.ok(isRunning(pid));
    killed.kill('SIGKILL');
    try {
      await until(() => !isRunning(pid), 'the orphan is gone');
    } finally {
      if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});
