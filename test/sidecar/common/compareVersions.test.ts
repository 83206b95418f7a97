import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareVersions } from '../../../sidecar/common/compareVersions.ts';

describe('compareVersions', () => {
  const ascending = [
    'nonsense',
    '0.9.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
    '2.0.0',
  ];
  for (const [i, older] of ascending.entries()) {
    for (const newer of ascending.slice(i + 1)) {
      it(`finds ${older} older than ${newer}`, () => {
        assert.ok(compareVersions(older, newer) < 0);
        assert.ok(compareVersions(newer, older) > 0);
      });
    }
  }
  it('ignores build metadata', () => assert.equal(compareVersions('1.0.0+a', '1.0.0+b'), 0));
});
