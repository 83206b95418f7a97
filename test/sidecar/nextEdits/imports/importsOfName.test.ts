import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { importOfName, type NameImport } from '../../../../sidecar/nextEdits/imports/importsOfName.ts';
import type { SourceDocument } from '../../../../sidecar/nextEdits/suggester.ts';
import { languageIdOf } from '../../../../sidecar/syntax/languageIds.ts';

const file = (text: string, path = 'src/a.ts'): SourceDocument => ({
  uri: path,
  path,
  languageId: languageIdOf(path),
  text,
});

/** Returns an import as words: its form, whether it is a type, the module, and the name there. */
function said(found: NameImport | undefined): string | undefined {
  if (found === undefined) return undefined;
  const { form, isType, specifier, original } = found;
  return [form, ...(isType ? ['type'] : []), specifier, ...(original ? [original] : [])].join(' ');
}

describe('how a file imports a name', () => {
  const cases: readonly (readonly [title: string, path: string, text: string, found: string | undefined])[] = [
    ['in braces', 'a.ts', "import { foo, bar } from './text';", 'named ./text'],
    ['in braces of many lines', 'a.ts', "import one, {\n  foo,\n  type bar,\n} from '../text'", 'named type ../text'],
    ['by another name', 'a.ts', "import { foo as bar } from './text'", 'named ./text foo'],
    ['as a type', 'a.ts', "import type { bar } from 'text';", 'named type text'],
    ['as the default', 'a.ts', "import bar, { foo } from 'text';", 'default text'],
    ['as the whole module', 'a.ts', "import * as bar from 'node:text'", 'namespace node:text'],
    ['not by its name there', 'a.ts', "import { bar as foo } from './text'", undefined],
    ['not by another statement', 'a.ts', "import './x'\nconst one = { bar }\nexport { foo } from './y'\n", undefined],
    ['not behind another import', 'a.ts', "import foo\nconst one = { bar }\nimport { foo } from './y'\n", undefined],
    ['in a line of Python', 'a.py', 'from .text import foo, bar\n', 'named .text'],
    ['in brackets of Python', 'a.py', 'from text import (\n    foo,  # one\n    bar as bar,\n)\n', 'named text'],
    ['as a module of Python', 'a.py', 'import os, bar\n', 'module bar'],
    ['as a module of Python by another name', 'a.py', 'import foo.text as bar\n', 'module foo.text foo.text'],
    ['not as a part of a module of Python', 'a.py', 'import bar.foo\n', undefined],
    [
      'as a package of Go',
      'a.go',
      'package a\n\nimport (\n\t"fmt"\n\n\t"example.com/x/bar/v2"\n)\n',
      'module example.com/x/bar/v2',
    ],
    ['as a package of Go by another name', 'a.go', 'package a\n\nimport bar "x/foo"\n', 'module x/foo foo'],
    ['as a class of Java', 'a.java', 'import java.util.bar;\n', 'named java.util'],
  ];
  for (const [title, path, text, found] of cases)
    it(title, () => {
      assert.equal(said(importOfName(file(text, path), 'bar')), found);
    });

  it('is not searched in a text that is too large to be parsed', () => {
    const text = "import { bar } from './text';\n";
    assert.equal(said(importOfName(file(text.padEnd(256 * 1024)), 'bar')), 'named ./text');
    assert.equal(importOfName(file(text.padEnd(256 * 1024 + 1)), 'bar'), undefined);
  });

  const lines: readonly (readonly [path: string, line: string])[] = [
    ['a.ts', 'import foo\n'],
    ['a.ts', 'import {\n'],
    ['a.ts', 'import { foo,\n'],
    ['a.ts', 'import {} from\n'],
    ['a.ts', 'import  '],
    ['a.py', 'from a import (\n'],
    ['a.py', 'import a, \n'],
    ['a.go', 'import (\n'],
    ['a.java', 'import a.b\n'],
  ];
  for (const [path, line] of lines)
    it(`is searched in linear time in a text full of ${JSON.stringify(line)}`, () => {
      const text = line.repeat((256 * 1024) / line.length);
      const before = process.cpuUsage();
      for (let round = 0; round < 16; round++) importOfName(file(text, path), 'bar');
      const { user, system } = process.cpuUsage(before);
      // Quadratic time would take minutes.
      assert.ok(user + system < 15_000_000, `${user + system} µs`);
    });
});
