import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTestFile, testFileName } from '../../../extension/actions/testFile.ts';

describe('testFileName', () => {
  for (const [file, expected] of [
    ['sum.ts', 'sum.test.ts'],
    ['Button.tsx', 'Button.test.tsx'],
    ['a.b.js', 'a.b.test.js'],
    ['sum.py', 'test_sum.py'],
    ['sum.go', 'sum_test.go'],
    ['Sum.java', 'SumTest.java'],
    ['Sum.cs', 'SumTests.cs'],
    ['sum.rs', 'sum_test.rs'],
    ['sum.ex', 'sum_test.exs'],
    ['Makefile', 'Makefile.test'],
  ] as const) {
    it(`returns ${expected} for ${file}`, () => assert.equal(testFileName(file), expected));
  }

  it('returns a name that isTestFile recognises', () => {
    for (const file of ['sum.test.ts', 'sum.spec.js', 'test_sum.py', 'sum_test.go', 'SumTest.java', 'SumTests.swift'])
      assert.equal(isTestFile(file), true, file);
    for (const file of ['sum.ts', 'latest.ts', 'testing.py', 'contest.go']) assert.equal(isTestFile(file), false, file);
  });
});
