import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EditJournal } from '../../../sidecar/nextEdits/editJournal.ts';

/** Records edits `[start, end, text]` one after the other, a second apart, and returns the hunks and the text. */
function recorded(before: string, edits: readonly (readonly [number, number, string])[]) {
  const journal = new EditJournal();
  let text = before;
  let timeMs = 0;
  for (const [start, end, inserted] of edits) {
    journal.record('a', text, [{ start, end, text: inserted }], (timeMs += 1_000));
    text = text.slice(0, start) + inserted + text.slice(end);
  }
  return { journal, text, hunks: journal.recent(timeMs).map((hunk) => [hunk.start, hunk.removed, hunk.inserted]) };
}

describe('EditJournal', () => {
  it('makes one hunk of keystrokes that touch', () => {
    const { hunks, text } = recorded('let a;', [
      [4, 5, 'b'],
      [5, 5, 'c'],
      [6, 6, 'd'],
      [6, 7, ''],
    ]);
    assert.equal(text, 'let bc;');
    assert.deepEqual(hunks, [[4, 'a', 'bc']]);
  });

  it('makes one hunk of keystrokes in a word, though the new word has letters of the old one', () => {
    const { hunks } = recorded('area(2)', [
      [0, 4, 's'],
      ...[...'urface'].map((unit, at) => [at + 1, at + 1, unit] as const),
    ]);
    assert.deepEqual(hunks, [[0, 'area', 'surface']]);
  });

  it('makes one hunk of two edits of a word, and two of edits in neighbouring words', () => {
    assert.deepEqual(
      recorded('getUserName', [
        [0, 3, 'set'],
        [7, 11, 'Id'],
      ]).hunks,
      [[0, 'getUserName', 'setUserId']],
    );
    assert.equal(
      recorded('f(user, name)', [
        [2, 6, 'u'],
        [5, 9, 'n'],
      ]).hunks.length,
      2,
    );
  });

  it('keeps the places of earlier hunks right, the newest first', () => {
    const { hunks } = recorded('one two three', [
      [8, 13, 'drei'],
      [0, 3, 'eleven'],
    ]);
    assert.deepEqual(hunks, [
      [0, 'one', 'eleven'],
      [11, 'three', 'drei'],
    ]);
  });

  it('forgets an undone edit, and remembers that it was undone', () => {
    const { journal, hunks } = recorded('let a;', [
      [4, 5, 'total'],
      [4, 9, 'a'],
    ]);
    assert.deepEqual(hunks, []);
    assert.deepEqual(
      journal.undone('a').map(({ start, removed, inserted }) => [start, removed, inserted]),
      [[4, 'a', 'total']],
    );
  });

  it('keeps edits of one moment apart', () => {
    const journal = new EditJournal();
    journal.record(
      'a',
      'aa',
      [
        { start: 0, end: 1, text: 'b' },
        { start: 1, end: 2, text: 'c' },
      ],
      1,
    );
    assert.deepEqual(
      journal.recent(1).map(({ start, inserted }) => [start, inserted]),
      [
        [0, 'b'],
        [1, 'c'],
      ],
    );
  });

  it('forgets everything at a change that no person typed', () => {
    const { journal } = recorded('a b', [[0, 1, 'c']]);
    journal.record('a', 'c b', [{ start: 0, end: 3, text: 'x'.repeat(20_000) }], 2_000);
    assert.deepEqual(journal.recent(2_000), []);
  });

  it('forgets edits after ten minutes', () => {
    const { journal } = recorded('a', [[0, 1, 'b']]);
    assert.equal(journal.recent(1_000 + 10 * 60_000).length, 1);
    assert.equal(journal.recent(1_001 + 10 * 60_000).length, 0);
  });

  it('stays small, however much is edited', () => {
    const journal = new EditJournal();
    const text = 'a\n'.repeat(1_000);
    for (let document = 0; document < 100; document++)
      for (let line = 0; line < 100; line++)
        journal.record(`${document}`, text, [{ start: 4 * line, end: 4 * line + 1, text: 'b' }], 1);
    assert.ok(journal.recent(1).length <= 32 * 32);
  });

  it('tells by its hunks which text stood before, after any edits', () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) % below;
    for (let round = 0; round < 300; round++) {
      const before = Array.from({ length: 60 }, () => 'abc \n'[random(5)]).join('');
      const journal = new EditJournal();
      let text = before;
      for (let edit = 0; edit < 12; edit++) {
        const starts = [random(text.length + 1), random(text.length + 1)].sort((one, other) => one - other);
        const [first = 0, second = 0] = starts;
        const replacements = [
          { start: first, end: Math.min(second, first + random(4)), text: 'xyz'.slice(0, random(4)) },
          { start: second, end: Math.min(text.length, second + random(4)), text: 'uvw'.slice(0, random(4)) },
        ];
        journal.record('a', text, replacements, edit);
        for (const { start, end, text: inserted } of replacements.reverse())
          text = text.slice(0, start) + inserted + text.slice(end);
      }
      let reverted = text;
      for (const { start, end, removed, inserted } of [...journal.recent(12)].sort(
        (one, other) => other.start - one.start,
      )) {
        assert.equal(text.slice(start, end), inserted);
        reverted = reverted.slice(0, start) + removed + reverted.slice(end);
      }
      assert.equal(reverted, before);
    }
  });
});
