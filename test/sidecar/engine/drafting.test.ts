import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PromptLookup } from '../../../sidecar/engine/drafting.ts';

describe('prompt-lookup drafting', () => {
  test('guesses what followed the longest matching ending', () => {
    // [1 2 3] was followed by 9, [2 3] alone later by 7.
    assert.deepEqual(new PromptLookup().draft([1, 2, 3, 9, 8, 2, 3, 7, 1, 2, 3], 2), [9, 8]);
  });

  test('of equally long matches takes the last', () => {
    assert.deepEqual(new PromptLookup().draft([1, 2, 5, 0, 1, 2, 6, 0, 0, 1, 2], 1), [6]);
  });

  test('guesses nothing where nothing repeats, and no more than asked for', () => {
    assert.deepEqual(new PromptLookup().draft([1, 2, 3, 4, 5], 8), []);
    assert.equal(new PromptLookup().draft([1, 2, 3, 4, 1, 2], 1).length, 1);
    assert.deepEqual(new PromptLookup().draft([1, 2, 3, 4, 1, 2], 0), []);
  });

  test('pauses while drafts cost more than they save, ever longer, and comes back', () => {
    const lookup = new PromptLookup();
    const tokens = [1, 2, 3, 4, 1, 2];
    const pauseAfterLoss = (): number => {
      lookup.record(0, 0, 10);
      assert.notDeepEqual(lookup.draft(tokens, 4), []);
      lookup.record(4, 0, 40);
      let steps = 0;
      while (lookup.draft(tokens, 4).length === 0) steps++;
      return steps;
    };
    const first = pauseAfterLoss();
    assert.ok(first > 0);
    assert.ok(pauseAfterLoss() > first);
  });

  test('goes on while drafts pay', () => {
    const lookup = new PromptLookup();
    lookup.record(0, 0, 10);
    for (let step = 0; step < 5; step++) {
      assert.notDeepEqual(lookup.draft([1, 2, 3, 4, 1, 2], 4), []);
      lookup.record(4, 4, 15);
    }
  });
});
