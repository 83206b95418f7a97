import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ChunkSizer } from '../../../sidecar/engine/chunkSizer.ts';

describe('ChunkSizer', () => {
  const sizer = (): ChunkSizer => new ChunkSizer({ targetMs: 50, minTokens: 4, maxTokens: 512, priorSlope: 4e-4 });

  test('follows the measured cost, down and up', () => {
    const chunks = sizer();
    chunks.record(32, 0, 32 * 2);
    assert.equal(chunks.next(0), 24);
    for (let round = 0; round < 20; round++) chunks.record(16, 0, 16 * 0.2);
    assert.equal(chunks.next(0), 192);
  });

  test('shrinks chunks with depth before it has measurements there', () => {
    const chunks = sizer();
    for (let depth = 0; depth < 256; depth += 32) chunks.record(32, depth, 32 * 1.2);
    assert.equal(chunks.next(0), 32);
    assert.ok(chunks.next(6000) <= 16, `${chunks.next(6000)} tokens at depth 6000`);
  });

  test('learns how the cost grows with depth', () => {
    const chunks = sizer();
    const cost = (depth: number): number => 1 + depth / 1000;
    for (let round = 0; round < 3; round++)
      for (let depth = 0; depth <= 4000; depth += 200) chunks.record(16, depth, 16 * cost(depth + 8));
    for (const depth of [0, 2000, 4000]) {
      const expected = cost(depth);
      const learnt = chunks.costPerTokenMs(depth)!;
      assert.ok(Math.abs(learnt - expected) < 0.1 * expected, `depth ${depth}: ${learnt} ms, expected ${expected}`);
    }
  });

  test('takes the growth of the cost from the shape of the network while all measurements are of one depth', () => {
    const chunks = sizer();
    chunks.record(16, 992, 16 * 2);
    for (const depth of [0, 1000, 6000])
      assert.equal(chunks.costPerTokenMs(depth), 2 + (2 / (1 + 4e-4 * 1000)) * 4e-4 * (depth - 1000));
  });

  test('limits the measured growth to a quarter up to four times of the growth that the shape predicts', () => {
    for (const [cost, factor] of [
      [(depth: number): number => (depth - 1990) / 50, 4],
      [(depth: number): number => 100 - depth / 100, 1 / 4],
    ] as const) {
      const chunks = sizer();
      for (let round = 0; round < 30; round++)
        for (const depth of [1992, 3992]) chunks.record(16, depth, 16 * cost(depth + 8));
      const [near, far] = [4000, 8000].map((depth) => chunks.costPerTokenMs(depth) as number) as [number, number];
      // Older measurements count for less, the mean is where the weights are.
      const [older, newer] = [0.8 / 1.8, 1 / 1.8];
      const [meanDepth, meanCost] = [2000 * older + 4000 * newer, cost(2000) * older + cost(4000) * newer];
      const prior = (meanCost / (1 + 4e-4 * meanDepth)) * 4e-4;
      const slope = (far - near) / 4000;
      assert.ok(
        Math.abs(slope / prior - factor) < 0.01,
        `the cost grows by ${slope} a token, ${slope / prior} times ${prior}, expected ${factor} times`,
      );
    }
  });

  test('weighs measurements by the distance of their depths', () => {
    const chunks = sizer();
    // Depths of 2,000 ± 256 deviate as much as counts half.
    const weights = [0.8 / 1.8, 1 / 1.8] as const;
    const apart = 256 / Math.sqrt(weights[0] * weights[1]);
    const cost = (depth: number): number => 1 + depth / 1000;
    for (let round = 0; round < 60; round++)
      for (const depth of [2000, 2000 + apart]) chunks.record(16, depth - 8, 16 * cost(depth));
    const [meanDepth, meanCost] = [
      2000 + apart * weights[1],
      cost(2000) * weights[0] + cost(2000 + apart) * weights[1],
    ];
    const prior = (meanCost / (1 + 4e-4 * meanDepth)) * 4e-4;
    const slope = ((chunks.costPerTokenMs(3000) as number) - (chunks.costPerTokenMs(2000) as number)) / 1000;
    assert.ok(Math.abs(slope - (prior + 1e-3) / 2) < 1e-6, `${slope}, expected the middle of ${prior} and 0.001`);
  });

  test('never predicts less than a sixteenth of the mean cost', () => {
    const chunks = sizer();
    chunks.record(16, 1e6 - 8, 16 * 32);
    assert.equal(chunks.costPerTokenMs(0), 2);
  });

  test('stays between the least number of tokens and the batch', () => {
    const chunks = sizer();
    chunks.record(32, 0, 32 * 1000);
    assert.equal(chunks.next(0), 4);
    for (let round = 0; round < 40; round++) chunks.record(32, 0, 0.01);
    assert.equal(chunks.next(0), 512);
  });
});
