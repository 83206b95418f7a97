import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SkipCounts } from '../../../sidecar/workspaceIndex/skipCounts.ts';

describe('the line of SkipCounts', () => {
  const cases: readonly (readonly [
    line: string | undefined,
    ...skipped: readonly Parameters<SkipCounts['add']>[0][],
  ])[] = [
    [undefined],
    [undefined, {}, { tooLarge: 0, notGiven: 0 }],
    ['index: skipped 1 file: 1 too large', { tooLarge: 1 }],
    [
      'index: skipped 6 files: 1 too large, 2 binary, 1 unreadable, 2 not given',
      { notGiven: 2, binary: 1 },
      { tooLarge: 1, binary: 1, unreadable: 1 },
    ],
    [
      'index: skipped 3 files: 1 too large, 2 with endless lines',
      { endlessLines: 1 },
      { tooLarge: 1, endlessLines: 1 },
    ],
    [
      'index: skipped 1 file: 1 unreadable; 2 links not followed; 1 folder too deep',
      { links: 1, tooDeep: 1 },
      { unreadable: 1, links: 1 },
    ],
    ['index: 1 link not followed', { links: 1 }],
    ['index: 3 folders too deep', { tooDeep: 3 }],
  ];
  for (const [line, ...skipped] of cases) {
    it(`is ${line ?? 'none'}`, () => {
      const skips = new SkipCounts();
      for (const each of skipped) skips.add(each);
      assert.equal(skips.line, line);
    });
  }
});
