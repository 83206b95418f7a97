import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { followChanges, type OffsetChange } from '../../../extension/edits/trackedRange.ts';

const range = { start: 10, end: 20 };
const change = (rangeOffset: number, rangeLength: number, text: string): OffsetChange => ({
  rangeOffset,
  rangeLength,
  text,
});

describe('a previewed range follows the edits around it', () => {
  const cases: readonly [
    name: string,
    changes: OffsetChange[],
    expected: { start: number; end: number } | undefined,
  ][] = [
    ['text inserted before moves it', [change(0, 0, 'abc')], { start: 13, end: 23 }],
    ['text removed before moves it back', [change(2, 4, '')], { start: 6, end: 16 }],
    ['a change that ends where the range begins moves it', [change(5, 5, 'x')], { start: 6, end: 16 }],
    ['text after leaves it', [change(20, 3, 'later')], range],
    ['several cursors before and after', [change(30, 0, 'z'), change(3, 0, 'yy')], { start: 12, end: 22 }],
    ['a change inside makes it stale', [change(15, 0, 'x')], undefined],
    ['a change over its start makes it stale', [change(8, 4, '')], undefined],
    ['a change over its end makes it stale', [change(18, 6, '')], undefined],
    ['a replacement of everything makes it stale', [change(0, 100, 'new file')], undefined],
  ];
  for (const [name, changes, expected] of cases) {
    test(name, () => assert.deepEqual(followChanges(range, changes), expected));
  }

  test('an insertion exactly at an empty range makes it stale', () => {
    assert.equal(followChanges({ start: 5, end: 5 }, [change(5, 0, 'x')]), undefined);
  });

  test('a change before an empty range moves it', () => {
    assert.deepEqual(followChanges({ start: 5, end: 5 }, [change(0, 2, '')]), { start: 3, end: 3 });
  });
});
