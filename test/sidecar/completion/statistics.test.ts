import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percentile, StatisticsCounter } from '../../../sidecar/completion/statistics.ts';

test('counts requests, answers and how completions were used', () => {
  const counter = new StatisticsCounter();
  for (let request = 0; request < 4; request++) counter.requested();
  counter.answered(10, true);
  counter.answered(300, false);
  counter.prepared();
  counter.placeRead();
  counter.cancelled();
  counter.feedback({ completionId: '1', kind: 'shown' });
  counter.feedback({ completionId: '1', kind: 'acceptedPartly', acceptedCharacters: 4 });
  counter.feedback({ completionId: '1', kind: 'accepted', acceptedCharacters: 10 });
  counter.feedback({ completionId: '2', kind: 'dismissed' });
  assert.deepEqual(counter.read(), {
    requests: 4,
    answered: 2,
    cached: 1,
    prepared: 1,
    placesRead: 1,
    cancelled: 1,
    shown: 1,
    accepted: 1,
    acceptedPartly: 1,
    acceptedCharacters: 14,
    latencyP50Ms: 10,
    latencyP90Ms: 300,
  });
});

test('a percentile is an occurring value, or undefined without values', () => {
  assert.equal(percentile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.9), 9);
  assert.equal(percentile([7], 0.5), 7);
  assert.equal(percentile([], 0.5), undefined);
});
