import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LateError, within } from '../../../sidecar/common/within.ts';
import { bringForward } from '../../extension/documents/support/bringForward.ts';

const never = new Promise<never>(() => {});

describe('work with a limit', () => {
  it('has the outcome that comes in time', async () => {
    assert.equal(await within(1_000, Promise.resolve(3), 'late'), 3);
    await assert.rejects(within(1_000, Promise.reject(new TypeError('wrong')), 'late'), TypeError);
  });

  it('is late where none comes', async () => {
    await assert.rejects(
      bringForward(() => within(1_000, never, 'late')),
      LateError,
    );
  });

  it('is not late before', async () => {
    const outcome = await bringForward(() =>
      Promise.race([within(30_000, never, 'late'), within(20_000, never, 'late').catch(() => 'the shorter one first')]),
    );
    assert.equal(outcome, 'the shorter one first');
  });
});
