import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LateError, withLimit } from '../../../extension/documents/withLimit.ts';
import { bringForward } from './support/bringForward.ts';

const never = new Promise<never>(() => {});

describe('work with a limit', () => {
  it('has the outcome that comes in time', async () => {
    assert.equal(await withLimit(Promise.resolve(3), 1_000), 3);
    await assert.rejects(withLimit(Promise.reject(new TypeError('wrong')), 1_000), TypeError);
  });

  it('is late where none comes', async () => {
    await assert.rejects(bringForward(() => withLimit(never, 1_000)), LateError);
  });

  it('is not late before', async () => {
    const outcome = await bringForward(() => Promise.race([withLimit(never, 30_000), withLimit(never, 20_000).catch(() => 'the shorter one first')]));
    assert.equal(outcome, 'the shorter one first');
  });
});
