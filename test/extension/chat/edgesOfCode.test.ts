import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { locateCode } from '../../../extension/chat/locateCode.ts';

/** Returns the lines of a file that a block of code from an answer is a new version of. */
function located(file: string, code: string): string | undefined {
  const span = locateCode(file, code);
  return span && file.split('\n').slice(span.start, span.end).join('\n');
}

describe('the lines above code of an answer', () => {
  const f = 'function f() {\n}';
  const above: readonly {
    readonly what: string;
    readonly before?: string;
    readonly old: string;
    readonly code: string;
  }[] = [
    { what: 'are replaced by the same comment', old: '// Runs.', code: '// Runs.' },
    {
      what: 'are replaced by the same comment with a blank line below',
      old: '/*\n * Licence\n */\n',
      code: '/*\n * Licence\n */\n',
    },
    {
      what: 'are replaced by other documentation',
      before: '/* Licence */\n\n',
      old: '/**\n * Runs.\n */',
      code: '/**\n * Runs far.\n */',
    },
    {
      what: 'are replaced by documentation in line comments',
      before: '/// A\n\n',
      old: '/// Runs\n/// far.',
      code: '/// Runs.',
    },
    { what: 'are replaced by other decorators', before: '/** Runs. */\n', old: '@a\n@b(1)', code: '@a(2)' },
  ];
  for (const { what, before = '', old, code } of above)
    it(what, () => assert.equal(located(`${before}${old}\n${f}`, `${code}\n${f}`), `${old}\n${f}`));

  it('keep another comment that documents nothing', () =>
    assert.equal(located(`// Runs.\n${f}`, `// src/f.ts\n${f}`), f));
  it('keep the end of another comment', () =>
    assert.equal(located(`/*\n * Licence\n */\n\n${f}`, `/*\n * Another\n */\n\n${f}`), f));
  it('keep documentation if the block documents a new declaration', () =>
    assert.equal(located(`/** Runs. */\n${f}`, `/** Walks. */\nfunction g() {\n}\n\n${f}`), f));
});

describe('the lines below code of an answer', () => {
  it('are replaced by equal lines', () =>
    assert.equal(located('int f() {\n}\n\n#endif\n', 'int f() {\n  g();\n}\n#endif'), 'int f() {\n}\n\n#endif'));
  it('are added if the file continues differently', () =>
    assert.equal(located('int f() {\n}\nint g;\n// end\n', 'int f() {\n}\n// end'), 'int f() {\n}'));
});
