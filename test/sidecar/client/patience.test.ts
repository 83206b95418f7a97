import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Patience } from '../../../sidecar/client/patience.ts';

describe('Patience', () => {
  /** Returns `isOver` after each of these steps. */
  const askedAfter = (...stepsMs: readonly number[]): readonly boolean[] => {
    let nowMs = 1_000;
    const patience = new Patience(10_000, () => nowMs);
    return stepsMs.map((stepMs) => {
      nowMs += stepMs;
      return patience.isOver();
    });
  };

  it('is over at its limit', () =>
    assert.deepEqual(askedAfter(0, 4_000, 4_000, 1_999, 1), [false, false, false, false, true]));

  it('counts at most five seconds of a step in which the process was stopped', () =>
    assert.deepEqual(askedAfter(100, 100_000, 100, 4_800), [false, false, false, true]));
});
