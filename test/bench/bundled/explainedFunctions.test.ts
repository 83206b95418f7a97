import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { firstFunction } from './explainedFunctions.ts';

const body = ['  a();', '  b();', '  c();', '  d();'];

describe('the function of a file that is explained', () => {
  it('is the first one at the margin of a middling length', () => {
    const long = ['export function wanted(x) {', ...body, '}'].join('\n');
    assert.equal(firstFunction(`function short() {\n}\n  function inner() {\n}\n${long}\nrest();`, 'typescript'), long);
    assert.equal(firstFunction('function short() {\n}\n', 'javascript'), undefined);
  });

  it('of Python ends where the margin is used again', () => {
    const code = ['def wanted(x):', ...body, '  e()'].join('\n');
    assert.equal(firstFunction(`${code}\n\n\nrest()\n`, 'python'), code);
  });
});
