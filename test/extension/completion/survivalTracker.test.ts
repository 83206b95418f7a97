import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SurvivalTracker } from '../../../extension/completion/survivalTracker.ts';

function followed(): SurvivalTracker {
  const tracker = new SurvivalTracker();
  tracker.follow('a', 100, 20);
  return tracker;
}

describe('survival of accepted text', () => {
  it('is 1 if no change touched it', () => {
    const tracker = followed();
    tracker.change([{ offset: 0, removedLength: 10, text: '' }]);
    tracker.change([
      { offset: 110, removedLength: 0, text: '' },
      { offset: 500, removedLength: 5, text: 'x' },
    ]);
    assert.deepEqual(tracker.settle('a'), 1);
  });

  it('shrinks by the characters that later changes remove', () => {
    const tracker = followed();
    tracker.change([{ offset: 105, removedLength: 5, text: 'other' }]);
    assert.deepEqual(tracker.settle('a'), 0.75);
  });

  it('counts only the part of a change that lies in it', () => {
    const tracker = followed();
    tracker.change([{ offset: 90, removedLength: 15, text: '' }]);
    assert.deepEqual(tracker.settle('a'), 0.75);
  });

  it('follows the text as it moves', () => {
    const tracker = followed();
    tracker.change([{ offset: 0, removedLength: 0, text: 'twelve chars' }]);
    tracker.change([{ offset: 100, removedLength: 12, text: '' }]);
    assert.deepEqual(tracker.settle('a'), 1);
  });

  it('is 0 after an undo, and reported once', () => {
    const tracker = followed();
    tracker.change([{ offset: 100, removedLength: 20, text: '' }]);
    assert.deepEqual(tracker.settle('a'), 0);
    assert.equal(tracker.settle('a'), undefined);
  });
});
