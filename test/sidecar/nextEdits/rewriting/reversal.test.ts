import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reversalRatio, tokensBeyond } from '../../../../sidecar/nextEdits/rewriting/reversal.ts';

describe('the share of an edit that a change takes back', () => {
  const edit = { before: 'a.size', after: 'a.length' };

  it('is 1 where the change does the opposite, also in another line', () => {
    assert.equal(reversalRatio(edit, { before: 'show(b.length)', after: 'show(b.size)' }), 1);
  });

  it('is a half where only the new word goes', () => {
    assert.equal(reversalRatio(edit, { before: 'b.length', after: 'b.count' }), 0.5);
  });

  it('is 0 where the change does the same, or another thing', () => {
    assert.equal(reversalRatio(edit, { before: 'b.size', after: 'b.length' }), 0);
    assert.equal(reversalRatio(edit, { before: 'b', after: 'c' }), 0);
  });

  it('is 0 for an edit of white space', () => {
    assert.equal(reversalRatio({ before: 'a b', after: 'a  b' }, { before: 'a', after: 'b' }), 0);
  });
});

describe('tokensBeyond', () => {
  it('counts each token as often as it is there', () => {
    assert.deepEqual(tokensBeyond('f(a, a, b)', 'f(a, c)'), ['a', ',', 'b']);
  });
});
