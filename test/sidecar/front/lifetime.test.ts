import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findOrStart } from '../../../sidecar/client/launch.ts';
import { Lifetime, lifetimeDefaults } from '../../../sidecar/front/lifetime.ts';
import { RawClient } from './support/rawClient.ts';
import { isRunning } from '../../isRunning.ts';
import { launchOptions, TestHome, until } from './support/sidecar.ts';
import { STOP_REQUEST } from '../../../sidecar/protocol/client.ts';

describe('the sidecar process', () => {
  it('exits with its state file a while after its last client has left, and not before', async () => {
    await using home = await TestHome.create();
    // The starter stays until the clients are connected, however long that takes.
    const { socket, state } = await findOrStart(launchOptions(home.folder, { env: { CHORUS_LINGER_MS: '1500' } }));
    const first = await RawClient.initialized(state);
    const second = await RawClient.initialized(state);
    socket.close();
    await first[Symbol.asyncDispose]();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    assert.ok(isRunning(state.pid), 'one client is still connected');
    await second[Symbol.asyncDispose]();
    await until(() => !isRunning(state.pid), 'the process is gone');
    assert.equal(existsSync(home.files.stateFile), false);
  });

  it('exits after a client’s connection broke', async () => {
    await using home = await TestHome.create();
    const { socket, state } = await findOrStart(launchOptions(home.folder, { env: { CHORUS_LINGER_MS: '500' } }));
    const client = await RawClient.initialized(state);
    socket.close();
    client.socket.terminate();
    await until(() => !isRunning(state.pid), 'the process is gone');
  });

  it('stops on request, tells its clients, and leaves no state file', async () => {
    await using home = await TestHome.create();
    const state = await home.start();
    const bystander = await RawClient.initialized(state);
    await using client = await RawClient.connect(state);
    assert.equal(await client.request(STOP_REQUEST, undefined), null);
    assert.equal((await bystander.closed).code, 4002);
    await until(() => !isRunning(state.pid), 'the process is gone');
    assert.equal(existsSync(home.files.stateFile), false);
  });
});

describe('Lifetime', () => {
  it('leaves when no client ever connects', async () => {
    await new Promise<void>((resolve) =>
      new Lifetime({ lingerMs: 60_000, firstClientTimeoutMs: 10, leave: resolve }).start(),
    );
  });

  it('stays when a client connects in time', async () => {
    let left = false;
    const lifetime = new Lifetime({ lingerMs: 20, firstClientTimeoutMs: 20, leave: () => (left = true) });
    lifetime.start();
    lifetime.clientCountChanged(1);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(left, false);
  });

  it('lingers for a minute by default, and not at all on Windows', () => {
    assert.equal(lifetimeDefaults({}).lingerMs, process.platform === 'win32' ? 0 : 60_000);
    assert.equal(lifetimeDefaults({ CHORUS_LINGER_MS: '250' }).lingerMs, 250);
  });
});

describe('a sidecar with a long linger', () => {
  for (const lingerMs of [1e12, Infinity]) {
    it(`of ${lingerMs} ms, more than a timer can wait, does not leave at once`, (context) => {
      context.mock.timers.enable({ apis: ['setTimeout'] });
      let hasLeft = false;
      const lifetime = new Lifetime({ lingerMs, firstClientTimeoutMs: 1, leave: () => (hasLeft = true) });
      lifetime.clientCountChanged(0);
      context.mock.timers.tick(60_000);
      assert.equal(hasLeft, false);
      lifetime.stop();
    });
  }
});
