import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlaceResult } from '../completion/arms.ts';
import { armsOf } from './arms.ts';
import { lengthFigures, lengthTable } from './figures.ts';

const result = (id: string, isExact: boolean): PlaceResult => ({
  id,
  isExact,
  similarity: isExact ? 1 : 0.5,
  hasName: isExact,
  isOfWrongFile: false,
  agreedUnits: 0,
  contextTokens: 100,
});

describe('armsOf', () => {
  it('has tiers only for long contexts', () => {
    assert.deepEqual(
      armsOf([0, 4_096], [8]).map(({ contextTokens, cache }) => [contextTokens, cache]),
      [
        [0, 'full'],
        [4_096, 'full'],
        [4_096, 'tiered:512'],
      ],
    );
  });
});

describe('lengthFigures', () => {
  const [none, full, tiered] = armsOf([0, 4_096], [8]);
  const figures = lengthFigures(
    new Map([
      [none!, [result('a', false), result('b', false)]],
      [full!, [result('a', true), result('b', true)]],
      [tiered!, [result('a', true), result('b', false)]],
    ]),
  );

  it('compares the full cache with the prompt without other files', () => {
    assert.equal(figures[0]?.exactMore, undefined);
    assert.equal(figures[1]?.exactMore?.mean, 1);
    assert.equal(figures[1]?.similarityMore?.mean, 0.5);
  });

  it('compares tiers with the full cache of the same length', () => {
    assert.equal(figures[2]?.exactMore?.mean, -0.5);
  });

  it('are a row each in the table', () => {
    assert.match(lengthTable(figures), /\| 4096 \| `tiered:512` \| 100 \| 50\.0 ± 50\.0 % \| -50\.0 ± 50\.0 % \|/);
  });
});
