import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addBuckets, countOf, Latencies, quantileMs } from './latencies.ts';

function bucketsOf(times: readonly number[]): Readonly<Record<string, number>> {
  const latencies = new Latencies();
  for (const ms of times) latencies.add(ms);
  return latencies.buckets;
}

describe('times of requests', () => {
  it('have quantiles that are at most a tenth too long', () => {
    const buckets = bucketsOf(Array.from({ length: 1_000 }, (_, index) => index + 1));
    for (const share of [0.1, 0.5, 0.9, 0.99]) {
      const ms = quantileMs(buckets, share);
      assert.ok(ms >= share * 1_000 && ms <= share * 1_100, `${share}: ${ms}`);
    }
  });

  it('of several runs are added', () => {
    const sum = addBuckets([bucketsOf([5, 5, 900]), bucketsOf([5])]);
    assert.equal(countOf(sum), 4);
    assert.deepEqual(sum, bucketsOf([5, 5, 5, 900]));
  });

  it('are 0 without requests', () => assert.equal(quantileMs({}, 0.99), 0));
});
