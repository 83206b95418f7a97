import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { languageSyntax } from '../../../sidecar/syntax/languages.ts';
import { allowedIndentations } from '../../../sidecar/syntax/allowedIndentations.ts';

/** The allowed indentations at the mark `|`, in characters. */
function indentationsAt(text: string, languageId = 'python'): readonly number[] | undefined {
  const [before = '', after = ''] = text.split('|');
  const found = allowedIndentations({ before, after, syntax: languageSyntax(languageId) });
  return found?.map((each) => each.length);
}

describe('indentations of a new Python line', () => {
  const cases: readonly (readonly [says: string, text: string, expected: readonly number[] | undefined])[] = [
    ['the first line of a file has none', '|\n', [0]],
    ['a body is one level deeper than its head', 'def f(x):\n|\n', [4]],
    ['a body is as deep as the line behind it', 'def f(x):\n|\n  return x\n', [2]],
    ['a body takes the unit of the file', 'if a:\n  b()\ndef f(x):\n|\n', [2]],
    ['a nested head is one level above its body', 'for a in b:\n|\n        c()\n', [4]],
    ['the body of a head over several lines is one level deeper', 'def f(\n    x,\n):\n|\n', [4]],
    ['a line between two lines of a block lies with them, or closes it', 'if a:\n    b()\n|\n    c()\n', [4, 0]],
    ['every open block may go on at the end of a file', 'for a in b:\n    if a:\n        c()\n|', [8, 4, 0]],
    ['a block that ended with return is closed', 'def f(x):\n    if x:\n        return 1\n|\n', [4, 0]],
    ['a line above else is deeper than else', 'if a:\n    b()\n|\nelse:\n    c()\n', [4]],
    ['a line below a decorator lies with it', 'class A:\n    @staticmethod\n|\n', [4]],
    [
      'a line behind a docstring lies with it',
      'def f():\n    """Says:\n\n    this.\n    """\n|\n    return 1\n',
      [4, 0],
    ],
    ['white space before the cursor counts', 'def f(x):\n    |\n', [0]],
    ['white space that fits no block is left alone', 'def f(x):\n    return x\n       |\n', [0]],
    ['a tab is a level', 'def f(x):\n\treturn x\ndef g(x):\n|\n', [1]],
    ['comments decide nothing', 'def f(x):\n# no\n|\n', [4]],
    ['brackets leave the line free', 'f(\n|\n)\n', undefined],
    ['long strings leave the line free', 'a = """\n|\n"""\n', undefined],
    ['a continued line leaves the next free', 'a = b + \\\n|\n', undefined],
    ['text in the line leaves it free', 'def f(x): |\n', undefined],
    ['text behind the cursor leaves the line free', 'def f(x):\n| return x\n', undefined],
  ];
  for (const [says, text, expected] of cases) it(says, () => assert.deepEqual(indentationsAt(text), expected));

  it('is left to the model in languages whose blocks have brackets', () => {
    assert.equal(indentationsAt('if (a) {\n|\n}\n', 'typescript'), undefined);
  });
});
