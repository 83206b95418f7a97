import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSampler, greedy } from '../../../../sidecar/models/decoding/sampler.ts';
import type { SamplingParams } from '../../../../sidecar/protocol/engine.ts';
import { distribution } from '../../../reference/sampling.ts';

const logits = Array.from({ length: 24 }, (_, token) => 3 * Math.sin(token * 1.7) - token / 12);
const recent = [3, 8, 15, 8];
const DRAWS = 20_000;

describe('greedy', () => {
  test('takes the first of several equal logits', () => {
    assert.equal(greedy(Float32Array.of(1, 3, 3)), 1);
  });
});

describe('a sampler', () => {
  const rows: readonly (readonly [name: string, params: SamplingParams])[] = [
    ['only temperature', { temperature: 0.7 }],
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
        // Five standard deviations of the share in this number of draws.
        assert.ok(
          Math.abs(drawn - share) <= 5 * Math.sqrt((share * (1 - share)) / DRAWS),
          `token ${token}: ${drawn}, expected ${share}`,
        );
      }
    });
  }

  /** The drawn tokens. Sampler and reference see the same shares. */
  const drawn = (values: readonly number[], params: SamplingParams): number[] => {
    const sampler = createSampler({ ...params, seed: 3 });
    return [...new Set(Array.from({ length: DRAWS }, () => sampler(Float32Array.from(values), [])))].sort(
      (a, b) => a - b,
    );
  };
  const kept = (values: readonly number[], params: SamplingParams): number[] =>
    distribution(values, params).flatMap((share, token) => (share > 0 ? [token] : []));

  describe('the nucleus of the whole distribution', () => {
    // Ten tokens of 9 % each, and 490 with the rest. Each is too unlikely to be sorted, but together they count.
    const flat = [
      ...Array.from({ length: 10 }, () => Math.log(0.09)),
      ...Array.from({ length: 490 }, () => Math.log(0.1 / 490)),
    ];
    for (const topP of [0.05, 0.5, 0.8, 0.82, 0.89]) {
      test(`is correct with an unsorted tail, for ${topP}`, () => {
        const params = { temperature: 1, topP };
        assert.deepEqual(drawn(flat, params), kept(flat, params));
        assert.equal(kept(flat, params).length, Math.ceil(topP / 0.09));
      });
    }

    test('is taken after top-k, as in llama.cpp', () => {
      const params = { temperature: 1, topK: 5, topP: 0.75 };
      assert.deepEqual(drawn(flat, params), kept(flat, params));
      assert.equal(kept(flat, params).length, 4);
    });

    test('is correct for any share that a request may name', () => {
      for (const topP of [0, 1, 7])
        assert.deepEqual(
          drawn(flat, { temperature: 0.2, topP }).slice(0, 10),
          kept(flat, { temperature: 0.2, topP }).slice(0, 10),
        );
    });
  });

  test('keeps the likeliest token if min-p excludes all, as in llama.cpp', () => {
    assert.deepEqual(drawn([1, 3, 2], { temperature: 1, minP: 2 }), [1]);
  });

  test('takes the largest logit after the penalty at temperature 0', () => {
    const values = Float32Array.of(0, 5, 4.9, -1);
    assert.equal(createSampler({ temperature: 0 })(values.slice(), [1]), 1);
    assert.equal(createSampler({ temperature: 0, repeatPenalty: 1.5 })(values.slice(), [1]), 2);
  });

  test('penalises only the last 64 tokens, as in llama.cpp', () => {
    const others = (count: number): number[] => Array.from({ length: count }, () => 2);
    const chosen = (tokens: readonly number[]): number =>
      createSampler({ temperature: 0, repeatPenalty: 2 })(Float32Array.of(3, 5, -9), tokens);
    assert.equal(chosen([1, ...others(63)]), 0);
    assert.equal(chosen([1, ...others(64)]), 1);
  });

  test('takes only allowed tokens', () => {
    for (const temperature of [0, 1])
      assert.equal(createSampler({ temperature })(Float32Array.of(9, 8, 7), [], new Set([2])), 2);
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
