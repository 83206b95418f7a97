import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseCacheChoice } from '../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { CONTEXT_TOKENS } from '../continuation/places.ts';
import { isForAnything } from './chosenSequence.ts';
import { choicesForContinuation, choicesForQuestions, keptBy } from './choices.ts';

describe('choices of the comparison', () => {
  it('are existing caches, each once', () => {
    for (const choices of [choicesForQuestions(2_048), choicesForContinuation()]) {
      for (const { cache } of choices) parseCacheChoice(cache);
      assert.equal(new Set(choices.map(({ cache }) => cache)).size, 4 * 7 + 5 * 2);
    }
  });

  it('keep or attend the same share of a context before questions, whatever the selector', () => {
    for (const { cache, divisor } of choicesForQuestions(2_048)) {
      const { capacity, tier } = parseCacheChoice(cache);
      assert.equal(tier ? tier.capacity : capacity, 2_048 / divisor, cache);
    }
  });

  it('keep or attend the same share of other files, plus the tokens of the file itself', () => {
    for (const { cache, divisor } of choicesForContinuation()) {
      const { capacity, window, tier } = parseCacheChoice(cache);
      const own = isForAnything(cache) ? 0 : window;
      const share = (tier ? tier.capacity : capacity - own) / CONTEXT_TOKENS;
      assert.ok(share * divisor >= 1 && share * divisor < 1.1, `${cache}: ${share}`);
    }
  });

  it('have keys that contain all their parameters, including defaults', () => {
    assert.equal(keptBy('tiered:512'), keptBy('tiered:512,window=64'));
    assert.equal(keptBy('tiered:512'), keptBy('tiered:512,heads=12'));
    assert.notEqual(keptBy('tiered:512'), keptBy('tiered:512,heads=100'));
    assert.notEqual(keptBy('tiered:512'), keptBy('tiered:512,refresh=4'));
    assert.notEqual(keptBy('snapkv:512'), keptBy('snapkv:256'));
  });
});
