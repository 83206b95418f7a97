import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NearDuplicates } from '../../.scripts/bundledModel/nearDuplicates.ts';

/** Words that depend on the seed, so that two texts share hardly any shingle. */
function wordsOf(seed: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `word${(seed * 7_919 + index * index * 31 + index) % 4_001}`);
}

describe('NearDuplicates', () => {
  it('recognises a text with small changes', () => {
    const near = new NearDuplicates();
    const words = wordsOf(1, 400);
    assert.equal(near.addIfNew(words.join(' ')), true);
    const changed = words.map((word, index) => (index % 100 === 50 ? 'changed' : word));
    assert.equal(near.addIfNew(changed.join('\n')), false);
  });

  it('keeps texts that share a quarter of their words', () => {
    const near = new NearDuplicates();
    assert.equal(near.addIfNew([...wordsOf(1, 100), ...wordsOf(2, 300)].join(' ')), true);
    assert.equal(near.addIfNew([...wordsOf(1, 100), ...wordsOf(3, 300)].join(' ')), true);
  });

  it('takes none of many different texts for a copy', () => {
    const near = new NearDuplicates();
    const copies = Array.from({ length: 300 }, (_, seed) => near.addIfNew(wordsOf(seed + 10, 200).join(' '))).filter(
      (isNew) => !isNew,
    );
    assert.equal(copies.length, 0);
  });

  it('never takes a text shorter than a shingle for a copy', () => {
    const near = new NearDuplicates();
    assert.equal(near.addIfNew('a b'), true);
    assert.equal(near.addIfNew('a b'), true);
  });
});
