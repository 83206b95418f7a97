import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { test } from 'node:test';
import { Device } from '../../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { writeTinyModel } from '../../../../reference/tinyModels.ts';

test('Network.settled waits for an evaluation that starts when another ends', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-network-'));
  try {
    using device = new Device('cpu');
    const file = path.join(folder, 'model.gguf');
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device });
    using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 64 });
    const ended: number[] = [];
    const evaluate = (number: number): Promise<void> =>
      opened.network.exclusively(async () => {
        await setTimeout(5);
        ended.push(number);
      });
    const both = evaluate(1).then(() => evaluate(2));
    await opened.network.settled();
    assert.deepEqual(ended, [1, 2]);
    await both;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
