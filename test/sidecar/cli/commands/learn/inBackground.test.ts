import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { learnInBackground } from '../../../../../sidecar/cli/commands/learn/inBackground.ts';
import type { PowerSource } from '../../../../../sidecar/front/power/powerSource.ts';

describe('learning in the background', () => {
  const home = process.env['CHORUS_HOME'];
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-background-'));
    process.env['CHORUS_HOME'] = folder;
  });
  after(async () => {
    if (home === undefined) delete process.env['CHORUS_HOME'];
    else process.env['CHORUS_HOME'] = home;
    await rm(folder, { recursive: true, force: true });
  });

  const power = (source: PowerSource) => ({ read: async () => source });
  /** Works until the signal aborts, as a process does. */
  const untilAborted = async (signal: AbortSignal): Promise<never> => {
    while (!signal.aborted) await sleep(1);
    throw new Error('stopped');
  };

  it('learns on mains power', async () => {
    const learn = async (): Promise<'nothing-new'> => 'nothing-new';
    for (const source of ['mains', 'no-battery'] as const)
      assert.equal(
        await learnInBackground({ learn, onBattery: () => assert.fail(source), ...power(source) }),
        'nothing-new',
      );
  });

  it('does not begin on battery', async () => {
    const learn = (): Promise<never> => assert.fail('it began');
    assert.equal(await learnInBackground({ learn, onBattery: () => undefined, ...power('battery') }), 'battery');
  });

  it('ends when the plug is pulled, after paused processes go on', async () => {
    const order: string[] = [];
    let source: PowerSource = 'mains';
    const learn = async (signal: AbortSignal): Promise<never> => {
      source = 'battery';
      signal.addEventListener('abort', () => order.push('aborted'));
      return untilAborted(signal);
    };
    const onBattery = (): void => void order.push('resumed');
    assert.equal(await learnInBackground({ learn, onBattery, read: async () => source, intervalMs: 1 }), 'battery');
    assert.deepEqual(order, ['resumed', 'aborted']);
  });

  it('learns one workspace at a time', async () => {
    const learn = (): Promise<'other-process' | 'nothing-new'> =>
      learnInBackground({
        learn: () => assert.fail('two learn'),
        onBattery: () => undefined,
        ...power('mains'),
      }) as Promise<'other-process'>;
    assert.equal(await learnInBackground({ learn, onBattery: () => undefined, ...power('mains') }), 'other-process');
    const again = async (): Promise<'nothing-new'> => 'nothing-new';
    assert.equal(
      await learnInBackground({ learn: again, onBattery: () => undefined, ...power('mains') }),
      'nothing-new',
      'the lock is free again',
    );
  });

  it('rejects if learning fails', async () => {
    const learn = (): Promise<never> => Promise.reject(new Error('no memory'));
    await assert.rejects(
      () => learnInBackground({ learn, onBattery: () => undefined, ...power('mains') }),
      /no memory/,
    );
  });
});
