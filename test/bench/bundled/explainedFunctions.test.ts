import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstFunction } from './explainedFunctions.ts';

const body = ['  a();', '  b();', '  c();', '  d();'];

describe('firstFunction', () => {
  it('returns the first function at the margin with a medium length', () => {
    const long = ['export function wanted(x) {', ...body, '}'].join('\n');
    assert.equal(firstFunction(`function short() {\n}\n  function inner() {\n}\n${long}\nrest();`, 'typescript'), long);
    assert.equal(firstFunction('function short() {\n}\n', 'javascript'), undefined);
  });

  it('ends a Python function at the next line at the margin', () => {
    const code = ['def wanted(x):', ...body, '  e()'].join('\n');
    assert.equal(firstFunction(`${code}\n\n\nrest()\n`, 'python'), code);
  });
});
