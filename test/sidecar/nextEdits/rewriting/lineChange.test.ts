import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lineChangeOf, wordsOnlyIn } from '../../../../sidecar/nextEdits/rewriting/lineChange.ts';

describe('lineChangeOf', () => {
  const hunk = { timeMs: 1, moment: 1 };

  it('returns the whole line of a change inside it', () => {
    const text = 'a();\n  show(sum);\nb();\n';
    const change = lineChangeOf({ ...hunk, start: 12, end: 15, removed: 'total', inserted: 'sum' }, text);
    assert.deepEqual(change, { start: 5, end: 17, before: '  show(total);', after: '  show(sum);' });
  });

  it('returns several lines of a longer change', () => {
    const text = 'one\ntwo\nthree\n';
    const change = lineChangeOf({ ...hunk, start: 2, end: 5, removed: 'x', inserted: 'e\nt' }, text);
    assert.deepEqual([change.before, change.after], ['onxwo', 'one\ntwo']);
  });
});

describe('wordsOnlyIn', () => {
  it('returns words that the other text lacks, and no numbers', () => {
    assert.deepEqual([...wordsOnlyIn('await read(file, 12)', 'read(path)')], ['await', 'file']);
  });
});
