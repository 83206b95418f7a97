import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PromptLookup } from '../../../../sidecar/models/decoding/drafting.ts';
import { NgramIndex } from '../../../../sidecar/models/decoding/ngramIndex.ts';

/** A lookup that knows what one token costs. */
function measured(singleMs = 10): PromptLookup {
  const lookup = new PromptLookup();
  lookup.record(0, 0, singleMs);
  return lookup;
}

describe('prompt-lookup drafting', () => {
  test('guesses what followed the longest matching ending', () => {
    // [1 2 3] was followed by 9, [2 3] alone later by 7.
    assert.deepEqual(measured().draft([1, 2, 3, 9, 8, 2, 3, 7, 1, 2, 3], 2), [9, 8]);
  });

  test('of equally long matches takes the last', () => {
    assert.deepEqual(measured().draft([1, 2, 5, 0, 1, 2, 6, 0, 0, 1, 2], 1), [6]);
  });

  test('guesses nothing where nothing repeats, before a token was measured, and no more than asked for', () => {
    assert.deepEqual(measured().draft([1, 2, 3, 4, 5], 8), []);
    assert.deepEqual(new PromptLookup().draft([1, 2, 3, 4, 1, 2], 8), []);
    assert.equal(measured().draft([1, 2, 3, 4, 1, 2], 1).length, 1);
    assert.deepEqual(measured().draft([1, 2, 3, 4, 1, 2], 0), []);
  });

  test('goes on beyond a token that differs from the source', () => {
    const lookup = measured();
    const source = [1, 2, 3, 4, 5, 6, 7, 8];
    assert.deepEqual(lookup.draft([...source, 1, 2], 3), [3, 4, 5]);
    lookup.record(3, 2, 15);
    // The network wanted 9 where the source has 5.
    assert.deepEqual(lookup.draft([...source, 1, 2, 3, 4, 9], 3), [6, 7, 8]);
    assert.deepEqual(lookup.draft([...source, 1, 2, 3, 4, 9], 3), []);
  });

  test('drafts are longer where guesses are right and cheap, and an evaluation never longer than cancelling may wait', () => {
    const source = Array.from({ length: 40 }, (_, index) => index);
    const sizeAfter = (singleMs: number, drafted: number, accepted: number, elapsedMs: number): number => {
      const lookup = measured(singleMs);
      for (let time = 0; time < 4; time++) lookup.record(drafted, accepted, elapsedMs);
      return lookup.draft([...source, ...source.slice(0, 8)], 100).length;
    };
    const cheap = sizeAfter(4, 7, 7, 8);
    assert.ok(cheap >= 11, `${cheap}`);
    assert.ok(sizeAfter(4, 7, 2, 8) < cheap);
    // 20 ms a token and 70 with three guesses: five would take longer than 80 ms.
    assert.equal(sizeAfter(20, 3, 3, 70), 3);
    assert.equal(sizeAfter(90, 1, 1, 120), 0);
  });

  test('pauses while drafts cost more than they save, ever longer, and comes back', () => {
    const lookup = measured();
    const tokens = [1, 2, 3, 4, 1, 2];
    const pauseAfterLoss = (): number => {
      let draft = lookup.draft(tokens, 4);
      for (let loss = 0; draft.length > 0; loss++) {
        assert.ok(loss < 20, 'drafts on although it never pays');
        lookup.record(draft.length, 0, 40);
        draft = lookup.draft(tokens, 4);
      }
      let steps = 1;
      while (lookup.draft(tokens, 4).length === 0) steps++;
      lookup.record(3, 0, 40);
      return steps;
    };
    const first = pauseAfterLoss();
    assert.ok(first > 1);
    assert.ok(pauseAfterLoss() > first);
  });

  test('forgets an evaluation that something else made long', () => {
    const lookup = measured();
    const tokens = [1, 2, 3, 4, 1, 2];
    lookup.record(3, 3, 500);
    const guesses = Array.from({ length: 64 }, () => {
      const draft = lookup.draft(tokens, 4);
      lookup.record(draft.length, draft.length, 10 + draft.length);
      return draft.length;
    });
    assert.equal(guesses.at(-1), 3);
  });

  test('goes on while drafts pay', () => {
    const lookup = measured();
    for (let step = 0; step < 5; step++) {
      assert.notDeepEqual(lookup.draft([1, 2, 3, 4, 1, 2], 4), []);
      lookup.record(3, 3, 15);
    }
  });

  test('guesses from other texts where more of them agrees, and goes on there beyond a token that differs', () => {
    const lookup = new PromptLookup(new NgramIndex([[5, 6, 7, 8, 20, 21, 22, 23]]));
    lookup.record(0, 0, 10);
    assert.deepEqual(lookup.draft([6, 7, 30, 5, 6, 7], 3), [8, 20, 21]);
    lookup.record(3, 1, 15);
    assert.deepEqual(lookup.draft([6, 7, 30, 5, 6, 7, 8, 99], 3), [21, 22, 23]);
    assert.deepEqual(lookup.draft([9, 5, 6, 7, 30, 9, 5, 6, 7], 1), [30], 'the sequence itself comes first');
    assert.deepEqual(lookup.draft([30, 6, 7], 3), [], 'two tokens say too little');
  });
});
