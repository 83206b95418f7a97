import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LONGEST_TESTS, longestFirst } from '../../.scripts/longestTests.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

describe('the longest test files', () => {
  it('exist, each listed once', () => {
    assert.deepEqual(
      LONGEST_TESTS.filter((file) => !existsSync(path.join(root, file))),
      [],
    );
    assert.equal(new Set(LONGEST_TESTS).size, LONGEST_TESTS.length);
  });

  it('come first, and no file is lost or added', () => {
    const [longest = '', second = ''] = LONGEST_TESTS;
    assert.deepEqual(longestFirst(['a.test.ts', second, 'b.test.ts', longest]), [
      longest,
      second,
      'a.test.ts',
      'b.test.ts',
    ]);
  });
});
