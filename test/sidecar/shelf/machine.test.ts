import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { availableMemoryBytes } from '../../../sidecar/models/availableMemory.ts';
import type { SidecarStatus } from '../../../sidecar/protocol/client.ts';
import type { DeviceMemory } from '../../../sidecar/protocol/engine.ts';
import { describeMachine } from '../../../sidecar/shelf/machine.ts';

const GB = 1e9;
const card = (freeGigabytes: number): DeviceMemory => ({
  label: 'CUDA (a card)',
  gpu: { freeBytes: freeGigabytes * GB, totalBytes: 24 * GB, unifiedBytes: 0 },
});
const loaded = (gigabytes: number, onGpu: number): SidecarStatus => ({
  state: 'ready',
  memoryBytes: gigabytes * GB,
  deviceMemoryBytes: onGpu * GB,
});

describe('the machine as it is without the model that is loaded', () => {
  it('has back on the GPU what the model holds there, and no more than the card has', async () => {
    assert.equal((await describeMachine(card(10), loaded(15, 12), undefined)).gpu?.freeBytes, 22 * GB);
    assert.equal((await describeMachine(card(20), loaded(15, 12), undefined)).gpu?.freeBytes, 24 * GB);
    assert.equal((await describeMachine(card(20), { state: 'idle' }, undefined)).gpu?.freeBytes, 20 * GB);
  });

  for (const [where, device, status] of [
    ['beside a GPU', card(10), loaded(2_003, 3)],
    ['without one', { label: 'CPU' }, loaded(2_000, 0)],
  ] as const) {
    it(`has back in main memory what the model holds there, ${where}`, async () => {
      const { mainBytes } = await describeMachine(device, status, undefined);
      // Other programs take and give memory meanwhile.
      assert.equal(Math.round((mainBytes - (await availableMemoryBytes())) / (100 * GB)), 20);
    });
  }
});
