import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasNewCode } from '../../../sidecar/learning/newCode.ts';
import { digestOf } from '../../../sidecar/learning/splitSources.ts';

const file = (name: string, units: number) => ({ path: `${name}.ts`, text: name.repeat(units) });
const known = (...files: readonly { readonly text: string }[]): ReadonlySet<string> =>
  new Set(files.map(({ text }) => digestOf(text)));

describe('new code', () => {
  it('is all code that nothing was learnt from', () => {
    assert.equal(hasNewCode([file('a', 5_000)], known()), true);
  });

  it('is nothing if all texts are known, also under another name', () => {
    assert.equal(hasNewCode([{ ...file('a', 50_000), path: 'renamed.ts' }], known(file('a', 50_000))), false);
  });

  it('is enough from a tenth of the code on', () => {
    const old = file('a', 90_000);
    assert.equal(hasNewCode([old, file('b', 9_999)], known(old)), false);
    assert.equal(hasNewCode([old, file('b', 10_000)], known(old)), true);
  });

  it('is enough from 100,000 characters on in a large workspace', () => {
    const old = file('a', 5_000_000);
    assert.equal(hasNewCode([old, file('b', 99_999)], known(old)), false);
    assert.equal(hasNewCode([old, file('b', 100_000)], known(old)), true);
  });

  it('is not enough below 4,000 characters, also in a small workspace', () => {
    assert.equal(hasNewCode([file('a', 3_999)], known()), false);
    assert.equal(hasNewCode([file('a', 4_000)], known()), true);
  });
});
