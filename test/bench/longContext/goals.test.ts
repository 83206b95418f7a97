import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goalLines } from './goals.ts';

const row = (
  depth: number,
  name: string,
  decodeRatio: number,
  promptRatio: number,
  attendedBytes?: number,
): Parameters<typeof goalLines>[0][number] => ({ depth, name, decodeRatio, promptRatio, attendedBytes });

describe('goalLines', () => {
  it('lists goals beside the measured values, met or missed', () => {
    assert.deepEqual(
      goalLines([
        row(16_384, 'full', 1.38, 1.06, 800),
        row(16_384, 'tiered:1024', 2.4, 4.01, 60),
        row(16_384, 'snapkv:2048', 4.4, 4.4, 101),
      ]),
      [
        '| 16384 | full | tokens decoded | ≥ 1.3 | 1.38 | met |',
        '| 16384 | snapkv:2048 | tokens decoded | ≥ 4.4 | 4.40 | met |',
        '| 16384 | tiered:1024 | tokens decoded | ≥ 4.4 | 2.40 | missed |',
        '| 16384 | tiered:1024 | prompt tokens | ≥ 4 | 4.01 | met |',
        '| 16384 | snapkv:2048 | bytes attended, of those of `full` | ≤ 0.125 | 0.126 | missed |',
      ],
    );
  });

  it('leaves out goals without measurements', () => assert.deepEqual(goalLines([row(4_096, 'full', 1.2, 1)]), []));
});
