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

describe('describeMachine', () => {
  it('adds the loaded model’s GPU memory, up to the memory of the card', async () => {
    assert.equal((await describeMachine(card(10), loaded(15, 12), undefined)).gpu?.freeBytes, 22 * GB);
    assert.equal((await describeMachine(card(20), loaded(15, 12), undefined)).gpu?.freeBytes, 24 * GB);
    assert.equal((await describeMachine(card(20), { state: 'idle' }, undefined)).gpu?.freeBytes, 20 * GB);
  });

  for (const [where, device, status] of [
    ['beside a GPU', card(10), loaded(2_003, 3)],
    ['without one', { label: 'CPU' }, loaded(2_000, 0)],
  ] as const) {
    it(`adds the loaded model’s main memory, ${where}`, async () => {
      const { mainBytes } = await describeMachine(device, status, undefined);
      // Other programs allocate and free memory meanwhile.
      assert.equal(Math.round((mainBytes - (await availableMemoryBytes())) / (100 * GB)), 20);
    });
  }
});
