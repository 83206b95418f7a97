import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Device } from '../../../../../kernels/ggml/device.ts';
import { AllocationError } from '../../../../../kernels/ggml/errors.ts';
import { readF32 } from '../../../../../kernels/ggml/transfer.ts';
import { SequenceMemoryError } from '../../../../../sidecar/models/backend.ts';
import { BlockStorage } from '../../../../../sidecar/models/chorus/network/blockStorage.ts';

class FillingDevice extends Device {
  isFull = true;

  override allocate(...given: Parameters<Device['allocate']>): ReturnType<Device['allocate']> {
    if (this.isFull) throw new AllocationError('It is full.');
    return super.allocate(...given);
  }
}

describe('BlockStorage', () => {
  it('takes memory at a later attempt if the second device had none at first', () => {
    using first = new Device('cpu');
    using second = new FillingDevice('cpu');
    using storage = new BlockStorage((block) => (block === 0 ? first : second), 2);
    const tensors = [0, 1].map((block) => storage.declare(block, 'key', 'F32', [64]));
    for (let attempt = 0; attempt < 2; attempt++)
      assert.throws(
        () => storage.allocate(),
        (error: unknown) => error instanceof SequenceMemoryError && /It is full/.test(error.message),
      );
    second.isFull = false;
    storage.allocate();
    for (const [block, device] of [first, second].entries())
      assert.deepEqual(readF32(device, tensors[block]!), new Float32Array(64));
    const { sizeBytes } = storage;
    storage.allocate();
    assert.equal(storage.sizeBytes, sizeBytes);
  });
});
