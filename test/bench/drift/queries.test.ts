import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { similarity } from './queries.ts';

describe('similarity', () => {
  it('is the mean cosine of heads, whatever their lengths', () => {
    assert.equal(similarity([Float32Array.of(1, 0, 0, 2)], [Float32Array.of(3, 0, 0, 1)], 2), 1);
    assert.equal(similarity([Float32Array.of(1, 0, 0, 2)], [Float32Array.of(3, 0, 1, 0)], 2), 0.5);
    assert.equal(
      similarity([Float32Array.of(1, 0), Float32Array.of(0, 1)], [Float32Array.of(-1, 0), Float32Array.of(0, 1)], 2),
      0,
    );
  });
});
