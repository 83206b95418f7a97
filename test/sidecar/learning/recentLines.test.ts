import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RecentLines, type Hunk } from '../../../sidecar/learning/recentLines.ts';

const hunk = (path: string, start: number, added: number, removed: number): Hunk => ({ path, start, added, removed });
/** The recent lines of two files with 50 lines each. */
const recent = (...commits: readonly (readonly Hunk[])[]): Readonly<Record<string, unknown>> => {
  const lines = new RecentLines(
    new Map([
      ['a', 50],
      ['b', 50],
    ]),
  );
  for (const commit of commits) lines.addCommit(commit);
  return Object.fromEntries(lines.ranges());
};

describe('recent lines', () => {
  it('are the lines that a commit added', () => {
    assert.deepEqual(recent([hunk('a', 3, 2, 1), hunk('a', 10, 1, 0), hunk('b', 0, 1, 1)]), {
      a: [
        { start: 3, end: 5 },
        { start: 10, end: 11 },
      ],
      b: [{ start: 0, end: 1 }],
    });
  });

  it('of an older commit are found where later commits moved them to', () => {
    // The newest commit adds 3 lines before, and the older one wrote line 20 of its version.
    assert.deepEqual(recent([hunk('a', 5, 3, 0)], [hunk('a', 20, 1, 1)]), {
      a: [
        { start: 5, end: 8 },
        { start: 23, end: 24 },
      ],
    });
    assert.deepEqual(recent([hunk('a', 5, 0, 4)], [hunk('a', 20, 1, 1)]), { a: [{ start: 16, end: 17 }] });
  });

  it('do not include lines that a later commit replaced', () => {
    assert.deepEqual(recent([hunk('a', 5, 1, 2)], [hunk('a', 4, 4, 0)]), {
      a: [{ start: 4, end: 7 }],
    });
  });

  it('do not come from a commit that wrote more than a fifth of all lines, but older commits count', () => {
    assert.deepEqual(recent([hunk('a', 0, 21, 0)], [hunk('a', 2, 1, 0)]), { a: [{ start: 23, end: 24 }] });
    assert.deepEqual(recent([hunk('a', 0, 20, 0)]), { a: [{ start: 0, end: 20 }] });
  });

  it('are complete when they are a tenth of all lines', () => {
    const lines = new RecentLines(new Map([['a', 100]]));
    lines.addCommit([hunk('a', 0, 9, 0)]);
    assert.equal(lines.isComplete, false);
    lines.addCommit([hunk('a', 50, 1, 0)]);
    assert.equal(lines.isComplete, true);
  });

  it('ignore files that are not known, and lines behind the end of a file', () => {
    assert.deepEqual(recent([hunk('c', 0, 5, 0), hunk('b', 49, 5, 0)]), { b: [{ start: 49, end: 50 }] });
    assert.deepEqual(recent([hunk('a', 70, 2, 0)]), {});
  });
});
