import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeDiagnostic } from '../../../extension/actions/diagnostics.ts';

const range = { start: { line: 12 } };

describe('a problem in words for the model', () => {
  it('counts lines from the first that the model sees', () => {
    assert.equal(describeDiagnostic({ message: "Cannot find name 'x'.", source: 'ts', code: 2304, range }, 10), "line 3: Cannot find name 'x'. (ts 2304)");
  });
  it('takes a code with a link, or none', () => {
    assert.equal(describeDiagnostic({ message: 'unused', source: 'eslint', code: { value: 'no-unused-vars' }, range }, 12), 'line 1: unused (eslint no-unused-vars)');
    assert.equal(describeDiagnostic({ message: 'wrong', range }, 12), 'line 1: wrong');
  });
  it('is one line', () => {
    assert.equal(describeDiagnostic({ message: 'Type A\n  is not B\n', range }, 12), 'line 1: Type A is not B');
  });
});
