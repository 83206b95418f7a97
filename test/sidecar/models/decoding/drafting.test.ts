import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PromptLookup } from '../../../../sidecar/models/decoding/drafting.ts';
import { NgramIndex } from '../../../../sidecar/models/decoding/ngramIndex.ts';

/** A lookup that has measured the cost of a token. */
function measured(singleMs = 10): PromptLookup {
  const lookup = new PromptLookup();
  lookup.record(0, 0, singleMs);
  return lookup;
}

describe('prompt-lookup drafting', () => {
  test('drafts the continuation of the longest match', () => {
    // [1 2 3] was followed by 9; [2 3] alone later by 7.
    assert.deepEqual(measured().draft([1, 2, 3, 9, 8, 2, 3, 7, 1, 2, 3], 2), [9, 8]);
  });

  test('takes the last of equally long matches', () => {
    assert.deepEqual(measured().draft([1, 2, 5, 0, 1, 2, 6, 0, 0, 1, 2], 1), [6]);
  });

  test('drafts nothing without a match or a measurement, and never more than the limit', () => {
    assert.deepEqual(measured().draft([1, 2, 3, 4, 5], 8), []);
    assert.deepEqual(new PromptLookup().draft([1, 2, 3, 4, 1, 2], 8), []);
    assert.equal(measured().draft([1, 2, 3, 4, 1, 2], 1).length, 1);
    assert.deepEqual(measured().draft([1, 2, 3, 4, 1, 2], 0), []);
  });

  test('continues beyond a token that differs from the source', () => {
    const lookup = measured();
    const source = [1, 2, 3, 4, 5, 6, 7, 8];
    assert.deepEqual(lookup.draft([...source, 1, 2], 3), [3, 4, 5]);
    lookup.record(3, 2, 15);
    // The network wanted 9 where the source has 5.
    assert.deepEqual(lookup.draft([...source, 1, 2, 3, 4, 9], 3), [6, 7, 8]);
    assert.deepEqual(lookup.draft([...source, 1, 2, 3, 4, 9], 3), []);
  });

  test('drafts more if guesses are right and cheap, within the limit for cancelling', () => {
    const source = Array.from({ length: 40 }, (_, index) => index);
    const sizeAfter = (singleMs: number, drafted: number, accepted: number, elapsedMs: number): number => {
      const lookup = measured(singleMs);
      for (let time = 0; time < 4; time++) lookup.record(drafted, accepted, elapsedMs);
      return lookup.draft([...source, ...source.slice(0, 8)], 100).length;
    };
    const cheap = sizeAfter(4, 7, 7, 8);
    assert.ok(cheap >= 11, `${cheap}`);
    assert.ok(sizeAfter(4, 7, 2, 8) < cheap);
    // 20 ms per token and 70 ms with three guesses: five would take longer than 80 ms.
    assert.equal(sizeAfter(20, 3, 3, 70), 3);
    assert.equal(sizeAfter(90, 1, 1, 120), 0);
  });

  test('pauses ever longer while drafts do not pay, and resumes', () => {
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

  test('forgets an evaluation that another program slowed down', () => {
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

  test('continues while drafts pay', () => {
    const lookup = measured();
    for (let step = 0; step < 5; step++) {
      assert.notDeepEqual(lookup.draft([1, 2, 3, 4, 1, 2], 4), []);
      lookup.record(3, 3, 15);
    }
  });

  test('drafts from other texts if their match is longer, and continues beyond a difference', () => {
    const lookup = new PromptLookup(new NgramIndex([[5, 6, 7, 8, 20, 21, 22, 23]]));
    lookup.record(0, 0, 10);
    assert.deepEqual(lookup.draft([6, 7, 30, 5, 6, 7], 3), [8, 20, 21]);
    lookup.record(3, 1, 15);
    assert.deepEqual(lookup.draft([6, 7, 30, 5, 6, 7, 8, 99], 3), [21, 22, 23]);
    assert.deepEqual(lookup.draft([9, 5, 6, 7, 30, 9, 5, 6, 7], 1), [30], 'the sequence itself comes first');
    assert.deepEqual(lookup.draft([30, 6, 7], 3), [], 'two tokens say too little');
  });
});
