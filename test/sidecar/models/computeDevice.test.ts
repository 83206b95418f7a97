import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { openComputeDevice } from '../../../sidecar/models/computeDevice.ts';

describe('a device for own graphs', () => {
  it("has CUDA's libraries looked for before it is opened, and says which are to be installed", async () => {
    const opening = openComputeDevice('cuda', { threads: 1, prepare: async () => 'the add-on is not installed' });
    await assert.rejects(
      opening,
      (error) =>
        error instanceof TroubleError &&
        error.code === 'engine-failed' &&
        error.message === "CUDA can't be used: the add-on is not installed.",
    );
  });

  it('asks for none where it is no CUDA device', async () => {
    using device = await openComputeDevice('cpu', { threads: 1, prepare: () => assert.fail('asked') });
    assert.equal(device.kind, 'cpu');
  });
});
