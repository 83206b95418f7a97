import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shouldOfferCuda } from '../../../extension/cuda/cudaOffer.ts';
import { CUDA_ADD_ON_MISSING, type SidecarStatus } from '../../../sidecar/protocol/client.ts';

const DAY_MS = 24 * 60 * 60_000;
const NOW_MS = 100 * DAY_MS;
const missing: SidecarStatus = {
  state: 'ready',
  device: 'CPU',
  deviceReasons: [`CUDA can't be used: ${CUDA_ADD_ON_MISSING}; "chorus cuda --install" gets it.`],
};

describe('shouldOfferCuda', () => {
  it('is true if the sidecar found CUDA and lacks only its libraries', () => {
    assert.equal(shouldOfferCuda(missing, {}, NOW_MS), true);
  });

  it('is true if CUDA was demanded and the model did not load for lack of the libraries', () => {
    const message = missing.deviceReasons?.[0] ?? '';
    assert.equal(shouldOfferCuda({ state: 'trouble', trouble: { code: 'engine-failed', message } }, {}, NOW_MS), true);
  });

  it('is false without a sidecar, without a reason, or for another reason', () => {
    assert.equal(shouldOfferCuda(undefined, {}, NOW_MS), false);
    assert.equal(shouldOfferCuda({ state: 'ready' }, {}, NOW_MS), false);
    assert.equal(
      shouldOfferCuda(
        { state: 'ready', deviceReasons: ["CUDA can't be used: no NVIDIA driver was found."] },
        {},
        NOW_MS,
      ),
      false,
    );
  });

  it('is true again a week after the offer was postponed, and never after it was declined', () => {
    assert.equal(shouldOfferCuda(missing, { offeredMs: NOW_MS - DAY_MS }, NOW_MS), false);
    assert.equal(shouldOfferCuda(missing, { offeredMs: NOW_MS - 8 * DAY_MS }, NOW_MS), true);
    assert.equal(shouldOfferCuda(missing, { offeredMs: NOW_MS - 8 * DAY_MS, isDeclined: true }, NOW_MS), false);
  });
});
