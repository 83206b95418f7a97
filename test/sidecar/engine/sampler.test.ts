import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSampler } from '../../../sidecar/engine/sampler.ts';
import type { SamplingParams } from '../../../sidecar/protocol/engine.ts';
import { distribution } from '../../reference/sampling.ts';

const logits = Array.from({ length: 24 }, (_, token) => 3 * Math.sin(token * 1.7) - token / 12);
const recent = [3, 8, 15, 8];
const DRAWS = 20_000;

describe('a sampler', () => {
  const rows: readonly (readonly [name: string, params: SamplingParams])[] = [
    ['temperature alone', { temperature: 0.7 }],
    ['top-k', { temperature: 1, topK: 5 }],
    ['top-p', { temperature: 1, topP: 0.8 }],
    ['min-p', { temperature: 1, minP: 0.2 }],
    ['a repeat penalty', { temperature: 1, repeatPenalty: 1.5 }],
    ['all together', { temperature: 1.3, topK: 12, topP: 0.9, minP: 0.05, repeatPenalty: 1.2 }],
  ];
  for (const [name, params] of rows) {
    test(`with ${name} draws from the reference's distribution`, () => {
      const expected = distribution(logits, { ...params, penalty: params.repeatPenalty, recent });
      const sampler = createSampler({ ...params, seed: 5 });
      const counts = logits.map(() => 0);
      for (let draw = 0; draw < DRAWS; draw++) {
        const token = sampler(Float32Array.from(logits), recent);
        counts[token] = (counts[token] as number) + 1;
      }
      for (const [token, share] of expected.entries()) {
        const drawn = (counts[token] as number) / DRAWS;
        if (share === 0) assert.equal(drawn, 0, `token ${token} is ruled out`);
        // Five standard deviations of a share of so many draws.
        assert.ok(Math.abs(drawn - share) <= 5 * Math.sqrt((share * (1 - share)) / DRAWS), `token ${token}: ${drawn}, expected ${share}`);
      }
    });
  }

  test('at temperature 0 takes the largest logit, after the penalty', () => {
    const values = Float32Array.of(0, 5, 4.9, -1);
    assert.equal(createSampler({ temperature: 0 })(values.slice(), [1]), 1);
    assert.equal(createSampler({ temperature: 0, repeatPenalty: 1.5 })(values.slice(), [1]), 2);
  });

  test('takes an allowed token only', () => {
    for (const temperature of [0, 1]) assert.equal(createSampler({ temperature })(Float32Array.of(9, 8, 7), [], new Set([2])), 2);
  });

  test('repeats its draws with the same seed', () => {
    const draws = (seed: number): number[] => {
      const sampler = createSampler({ temperature: 1, seed });
      return Array.from({ length: 50 }, () => sampler(Float32Array.from(logits), []));
    };
    assert.deepEqual(draws(1), draws(1));
    assert.notDeepEqual(draws(1), draws(2));
  });
});
