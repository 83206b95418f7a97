import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { relocate } from '../../../extension/actions/relocate.ts';

describe('relocate', () => {
  it('finds text at its old place', () => assert.equal(relocate('b()', 4, 'a();b();b()'), 4));
  it('finds text that moved down because lines were added above', () =>
    assert.equal(relocate('b()', 4, '// new\na();b()'), 11));
  it('does not find changed text', () => assert.equal(relocate('b()', 4, 'a();c()'), undefined));
  it('does not guess between two places that are both new', () =>
    assert.equal(relocate('b()', 1, 'a();b();b()'), undefined));
});
