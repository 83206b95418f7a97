import assert from 'node:assert/strict';
import { execa } from 'execa';
import process from 'node:process';
import { describe, it } from 'node:test';
import { GENERATE_REQUEST, LOAD_REQUEST, type SidecarStatus } from '../../../sidecar/protocol/client.ts';
import { RawClient } from './support/rawClient.ts';
import { modelEnvironment, TestHome } from './support/sidecar.ts';

describe('a front with a stopped engine', { skip: process.platform === 'win32' && 'Windows stops no process' }, () => {
  it('reports it without a request, and answers the next request', async () => {
    await using home = await TestHome.create();
    const state = await home.start({ env: await modelEnvironment() });
    await using client = await RawClient.initialized(state);
    await client.request(LOAD_REQUEST, undefined);
    process.kill(await enginePid(state.pid), 'SIGSTOP');
    const { params } = await client.next(
      ({ method, params }) => method === 'chorus/didChangeStatus' && (params as SidecarStatus).state === 'trouble',
    );
    assert.match((params as SidecarStatus).trouble?.message ?? '', /gave no sign of life/);
    const { text } = await client.request(GENERATE_REQUEST, { prompt: 'Once upon a time', maxTokens: 4 });
    assert.ok(text.length > 0);
    assert.equal((await home.state()).pid, state.pid);
  });
});

async function enginePid(frontPid: number): Promise<number> {
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  const line = stdout.split('\n').find((text) => new RegExp(`^\\s*\\d+\\s+${frontPid}\\s.*engine`).test(text));
  return Number(line?.trim().split(/\s+/)[0]);
}
