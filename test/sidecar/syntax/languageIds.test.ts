import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { languageSyntax } from '../../../sidecar/syntax/languages.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';

describe('the language of a file', () => {
  it('is told by its name, and by the ending', () => {
    assert.deepEqual(['src/Makefile', 'a.test.ts', 'A.PY'].map(languageIdOf), ['makefile', 'typescript', 'python']);
  });

  it('is plain text where neither is known, whatever they mean in JavaScript', () => {
    for (const file of ['constructor', 'a.constructor', 'src/__proto__', 'a'])
      assert.equal(languageIdOf(file), 'plaintext', file);
    assert.equal(languageSyntax('constructor'), languageSyntax('no such language'));
  });
});
