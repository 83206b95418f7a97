import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { languageSyntax } from '../../../sidecar/syntax/languages.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';

describe('languageIdOf', () => {
  it('knows names and endings', () => {
    assert.deepEqual(['src/Makefile', 'a.test.ts', 'A.PY'].map(languageIdOf), ['makefile', 'typescript', 'python']);
  });

  it('returns plain text for other files, even for names that JavaScript objects have', () => {
    for (const file of ['constructor', 'a.constructor', 'src/__proto__', 'a'])
      assert.equal(languageIdOf(file), 'plaintext', file);
    assert.equal(languageSyntax('constructor'), languageSyntax('no such language'));
  });
});
