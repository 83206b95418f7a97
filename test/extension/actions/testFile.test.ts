import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isTestFile, testFileName } from '../../../extension/actions/testFile.ts';

describe('the name of a test file', () => {
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
    it(`of ${file} is ${expected}`, () => assert.equal(testFileName(file), expected));
  }

  it('is known for what it is', () => {
    for (const file of ['sum.test.ts', 'sum.spec.js', 'test_sum.py', 'sum_test.go', 'SumTest.java', 'SumTests.swift'])
      assert.equal(isTestFile(file), true, file);
    for (const file of ['sum.ts', 'latest.ts', 'testing.py', 'contest.go']) assert.equal(isTestFile(file), false, file);
  });
});
