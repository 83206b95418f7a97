import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeDiagnostic, problemsWithin } from '../../../extension/actions/diagnostics.ts';

const range = { start: { line: 12 } };

describe('describeDiagnostic', () => {
  it('counts lines from the first line that the model sees', () => {
    assert.equal(
      describeDiagnostic({ message: "Cannot find name 'x'.", source: 'ts', code: 2304, range }, 10),
      "line 3: Cannot find name 'x'. (ts 2304)",
    );
  });
  it('accepts a code with a link, or no code', () => {
    assert.equal(
      describeDiagnostic({ message: 'unused', source: 'eslint', code: { value: 'no-unused-vars' }, range }, 12),
      'line 1: unused (eslint no-unused-vars)',
    );
    assert.equal(describeDiagnostic({ message: 'wrong', range }, 12), 'line 1: wrong');
  });
  it('returns one line', () => {
    assert.equal(describeDiagnostic({ message: 'Type A\n  is not B\n', range }, 12), 'line 1: Type A is not B');
  });
});

describe('problemsWithin', () => {
  const lines = (
    start: number,
    end = start,
  ): {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  } => ({ start: { line: start, character: 0 }, end: { line: end, character: 9 } });
  const problems = [2, 5, 9].map((line) => ({ range: lines(line) }));
  it('returns the problems at the place within the rewritten code', () => {
    assert.deepEqual(problemsWithin(problems, lines(4, 7), lines(5, 9)), [problems[1]]);
    assert.deepEqual(problemsWithin(problems, lines(0, 9), lines(2)), [problems[0]]);
  });
});
