import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  AcceptanceTracker,
  type OfferedCompletion,
  type TextChange,
} from '../../../extension/completion/acceptanceTracker.ts';

const insert = (offset: number, text: string): TextChange => ({ offset, removedLength: 0, text });

/** A tracker with `text` offered at offset 100. None of it is typed yet. */
function offered(text: string, replacedLength = 0): AcceptanceTracker {
  const tracker = new AcceptanceTracker();
  tracker.offer([{ completionId: 'a', offset: 100, text, typedLength: 0, replacedLength }]);
  return tracker;
}

describe('the text offered at the cursor', () => {
  it('is the part that is not typed yet', () => {
    const tracker = offered('合計を返す');
    assert.equal(tracker.remainingAt(100), '合計を返す');
    tracker.change([insert(100, '合計')]);
    assert.equal(tracker.remainingAt(102), 'を返す');
    assert.equal(tracker.remainingAt(100), undefined);
  });

  describe('with alternatives', () => {
    const completion = (completionId: string, text: string, offset = 100): OfferedCompletion => ({
      completionId,
      offset,
      text,
      typedLength: 0,
    });

    /** A tracker with one text and an alternative that the user may choose. */
    function offeredBoth(first: string, second: string): AcceptanceTracker {
      const tracker = new AcceptanceTracker();
      tracker.offer([completion('a', first)], [completion('b', second)]);
      return tracker;
    }

    it('is unknown as long as both texts continue the typed text', () => {
      const tracker = offeredBoth('合計を返す', '合成する');
      assert.equal(tracker.remainingAt(100), undefined);
      tracker.change([insert(100, '合')]);
      assert.equal(tracker.remainingAt(101), undefined);
      tracker.change([insert(101, '計')]);
      assert.equal(tracker.remainingAt(102), 'を返す');
    });

    it('stays unknown after a part of the alternative was accepted, whatever is offered next', () => {
      const tracker = offeredBoth('合計を返す', '平均を返す');
      tracker.change([insert(100, '平均')]);
      assert.ok(tracker.isAt(102), 'the alternative goes on');
      tracker.offer([completion('c', 'は値', 102)]);
      assert.equal(tracker.remainingAt(102), undefined);
    });

    const ends: readonly (readonly [what: string, end: (tracker: AcceptanceTracker) => void])[] = [
      ['the cursor left', (tracker) => tracker.leave()],
      ['the alternative was accepted', (tracker) => tracker.accept('b')],
      ['other text was typed', (tracker) => tracker.change([insert(100, 'x')])],
    ];
    for (const [what, end] of ends) {
      it(`is known again after ${what}`, () => {
        const tracker = offeredBoth('合計を返す', '合成する');
        end(tracker);
        tracker.offer([completion('c', '値')]);
        assert.equal(tracker.remainingAt(100), '値');
      });
    }

    it('causes no events of the alternatives', () => {
      const tracker = new AcceptanceTracker();
      assert.deepEqual(tracker.offer([completion('a', '合計を返す')], [completion('b', '平均を返す')]), {
        shown: ['a'],
        events: [],
      });
      assert.deepEqual(tracker.change([insert(100, '平均')]), [{ kind: 'dismissed', completionId: 'a' }]);
      assert.deepEqual(tracker.leave(), []);
    });
  });
});

describe('partial acceptance', () => {
  it('is the next word of the ghost text, inserted at once', () => {
    const tracker = offered('const answer = 42;');
    assert.deepEqual(tracker.change([insert(100, 'const ')]), [
      { kind: 'acceptedPartly', completionId: 'a', acceptedCharacters: 6, addedCharacters: 6, isFirst: true },
    ]);
    assert.deepEqual(tracker.change([insert(106, 'answer ')]), [
      { kind: 'acceptedPartly', completionId: 'a', acceptedCharacters: 13, addedCharacters: 7, isFirst: false },
    ]);
  });

  it('is detected if the editor replaces the existing text by itself plus the next word', () => {
    const tracker = new AcceptanceTracker();
    tracker.offer([{ completionId: 'a', offset: 100, text: 'console.log(1)', typedLength: 3 }]);
    const [event] = tracker.change([{ offset: 100, removedLength: 3, text: 'console' }]);
    assert.deepEqual(event, {
      kind: 'acceptedPartly',
      completionId: 'a',
      acceptedCharacters: 4,
      addedCharacters: 4,
      isFirst: true,
    });
  });

  it('is not typing the same characters, an automatic closing bracket or an indented line break', () => {
    const tracker = offered('f(\n  x)');
    assert.deepEqual(tracker.change([insert(100, 'f')]), []);
    assert.deepEqual(tracker.change([insert(101, '()')]), []);
    assert.deepEqual(tracker.change([insert(102, '\n  ')]), []);
    assert.ok(tracker.isAt(105), 'the ghost text goes on behind what was typed');
  });

  it('is not a redo', () => {
    assert.deepEqual(offered('const answer').change([insert(100, 'const ')], true), []);
  });

  it('moves when text before it changes', () => {
    const tracker = offered('const answer');
    tracker.change([{ offset: 10, removedLength: 5, text: 'x' }]);
    assert.equal(tracker.change([insert(96, 'const ')]).length, 1);
  });

  it('accepts the order of a change event, which begins with the last change in the document', () => {
    const tracker = offered('const answer');
    assert.equal(tracker.change([insert(100, 'const '), insert(3, 'import x;')]).length, 1);
    assert.ok(tracker.isAt(115));
  });
});

describe('full acceptance', () => {
  it('is reported only by the command, whatever the change looks like', () => {
    const tracker = offered('return 1;');
    assert.deepEqual(tracker.change([insert(100, 'return 1;')]), []);
    assert.deepEqual(tracker.accept('a'), { completionId: 'a', offset: 100, text: 'return 1;', typedLength: 9 });
    assert.deepEqual(tracker.leave(), []);
  });

  it('may replace text after the cursor', () => {
    const tracker = offered('f(x)', 1);
    assert.deepEqual(tracker.change([{ offset: 100, removedLength: 1, text: 'f(x)' }]), []);
    assert.equal(tracker.accept('a')?.typedLength, 4);
  });

  it('in another document leaves the offer of this one', () => {
    const tracker = offered('return 1;');
    assert.equal(tracker.accept('of another document'), undefined);
    assert.deepEqual(tracker.leave(), [{ kind: 'dismissed', completionId: 'a' }]);
  });
});

describe('dismissal', () => {
  it('is typing other text', () => {
    assert.deepEqual(offered('const').change([insert(100, 'l')]), [{ kind: 'dismissed', completionId: 'a' }]);
  });

  it('is leaving the place', () => {
    const tracker = offered('const');
    assert.equal(tracker.isAt(50), false);
    assert.deepEqual(tracker.leave(), [{ kind: 'dismissed', completionId: 'a' }]);
    assert.deepEqual(tracker.leave(), [], 'and is told once');
  });

  it('is another text at the same place', () => {
    const tracker = offered('const answer');
    const { shown, events } = tracker.offer([{ completionId: 'b', offset: 100, text: 'let x', typedLength: 0 }]);
    assert.deepEqual(shown, ['b']);
    assert.deepEqual(events, [{ kind: 'dismissed', completionId: 'a' }]);
  });

  it('is not the rest of the same text under another id, which does not count as shown either', () => {
    const tracker = offered('const answer');
    tracker.change([insert(100, 'c')]);
    assert.deepEqual(tracker.offer([{ completionId: 'b', offset: 101, text: 'onst answer', typedLength: 0 }]), {
      shown: [],
      events: [],
    });
  });

  it('does not happen after a part was accepted', () => {
    const tracker = offered('const answer');
    tracker.change([insert(100, 'const ')]);
    assert.deepEqual(tracker.change([insert(106, 'question')]), []);
    assert.deepEqual(tracker.leave(), []);
  });

  it('is not a change elsewhere', () => {
    const tracker = offered('const');
    assert.deepEqual(tracker.change([insert(300, 'elsewhere')]), []);
    assert.ok(tracker.isAt(100));
  });
});
