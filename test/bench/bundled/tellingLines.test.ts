import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GapLanguage } from './gapLanguages.ts';
import { tellingLines } from './tellingLines.ts';

const told = (text: string, languageId: GapLanguage): readonly string[] => {
  const lines = ['', '', '', '', ...text.split('\n')];
  return tellingLines(lines, languageId).map((index) => (lines[index] as string).trim());
};

describe('tellingLines', () => {
  it('returns lines of code of medium length with lines before them', () => {
    assert.deepEqual(told(`return total;\n}\n  x = 1;\n${'long '.repeat(20)}`, 'typescript'), ['return total;']);
    assert.deepEqual(tellingLines(['return total;'], 'typescript'), []);
  });

  it('returns no comments and no imports', () => {
    assert.deepEqual(
      told(
        "// a comment here\n * of a block\nimport x from 'y';\nconst z = require('z');\nexport * from 'a';\nuse(everything);",
        'javascript',
      ),
      ['use(everything);'],
    );
    assert.deepEqual(told('# a comment here\nfrom a.b import c\nimport itertools\nfor a in items:', 'python'), [
      'for a in items:',
    ]);
    assert.deepEqual(
      told(
        '//! of the crate\nuse std::fmt;\npub use a::b;\npub(crate) use a::c;\n#[derive(Debug)]\npub fn used() {}',
        'rust',
      ),
      ['#[derive(Debug)]', 'pub fn used() {}'],
    );
    assert.deepEqual(
      told('package org.example;\nimport java.util.List;\n/** Doc of it. */\nint used = packaged;', 'java'),
      ['int used = packaged;'],
    );
  });

  it('returns no documentation of Python', () => {
    const text =
      'def area(self):\n  """The area of it."""\n  r"""\n  Longer words of it.\n  \'\'\' in it\n  """\n  return self.width ** 2';
    assert.deepEqual(told(text, 'python'), ['def area(self):', 'return self.width ** 2']);
  });
});
