import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { relocate } from '../../../extension/actions/relocate.ts';

describe('code that moved while a model wrote', () => {
  it('is found where it was', () => assert.equal(relocate('b()', 4, 'a();b();b()'), 4));
  it('is found further down when lines were added above', () =>
    assert.equal(relocate('b()', 4, '// new\na();b()'), 11));
  it('is not found when it was changed', () => assert.equal(relocate('b()', 4, 'a();c()'), undefined));
  it('is not guessed when it stands in two places, neither the old one', () =>
    assert.equal(relocate('b()', 1, 'a();b();b()'), undefined));
});
