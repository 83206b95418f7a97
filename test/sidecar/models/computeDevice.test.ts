import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { openComputeDevice } from '../../../sidecar/models/computeDevice.ts';

describe('openComputeDevice', () => {
  it("searches CUDA's libraries first, and says which must be installed", async () => {
    const opening = openComputeDevice('cuda', { threads: 1, prepare: async () => 'the add-on is not installed' });
    await assert.rejects(
      opening,
      (error) =>
        error instanceof TroubleError &&
        error.code === 'engine-failed' &&
        error.message === "CUDA can't be used: the add-on is not installed.",
    );
  });

  it('searches no libraries for other devices', async () => {
    using device = await openComputeDevice('cpu', { threads: 1, prepare: () => assert.fail('asked') });
    assert.equal(device.kind, 'cpu');
  });
});
