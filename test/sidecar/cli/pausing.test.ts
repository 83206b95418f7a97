import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Pausing } from '../../../sidecar/cli/pausing.ts';
import { until } from '../front/support/sidecar.ts';

describe('A pause of child processes', { skip: process.platform !== 'linux' }, () => {
  let child: ChildProcess;
  let pid: number;
  beforeEach(() => {
    child = spawn('sleep', ['1000']);
    pid = child.pid as number;
  });
  afterEach(() => child.kill('SIGKILL'));

  const isStopped = (): boolean => {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return status.charAt(status.lastIndexOf(')') + 2) === 'T';
  };

  it('stops a process until it is over', async () => {
    const pausing = new Pausing();
    pausing.include(pid);
    pausing.pause();
    await until(isStopped, 'the process is stopped');
    pausing.resume();
    await until(() => !isStopped(), 'the process goes on');
  });

  it('also stops a process that begins during the pause', async () => {
    const pausing = new Pausing();
    pausing.pause();
    pausing.include(pid);
    await until(isStopped, 'the process is stopped');
  });

  it('leaves a process alone that is not included any more, and on other systems', () => {
    const pausing = new Pausing();
    pausing.include(pid)[Symbol.dispose]();
    pausing.pause();
    const elsewhere = new Pausing('darwin');
    elsewhere.include(pid);
    elsewhere.pause();
    assert.equal(isStopped(), false);
  });

  it('is not disturbed by a process that has ended', async () => {
    const pausing = new Pausing();
    pausing.include(pid);
    child.kill('SIGKILL');
    await until(() => child.signalCode !== null, 'the process has ended');
    pausing.pause();
    pausing.resume();
  });
});
