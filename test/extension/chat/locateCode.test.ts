import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { locateCode } from '../../../extension/chat/locateCode.ts';
import { applied } from './applied.ts';

/** Returns the lines of a file that a block of code is a new version of. */
function located(file: string, code: string): string | undefined {
  const span = locateCode(file, code);
  return span && file.split('\n').slice(span.start, span.end).join('\n');
}

describe('locateCode', () => {
  const cases: readonly {
    readonly what: string;
    readonly before?: string;
    readonly old: string;
    readonly after?: string;
    readonly code: string;
  }[] = [
    {
      what: 'a function with its brace on the same line',
      before: 'let a;\n',
      old: 'function f() {\n  a();\n}',
      after: '\nlet b;',
      code: 'function f(x) {\n  a(x);\n}',
    },
    {
      what: 'a class with its brace on the next line',
      before: 'class A\n{\n}\n\n',
      old: 'class B\n{\n    int x;\n}',
      after: '\n\nint y;\n',
      code: 'class B\n{\n    int x;\n    int z;\n}',
    },
    {
      what: 'a class with labels at its margin',
      old: 'class B\n{\npublic:\n    int x;\nprivate:\n    int y;\n};',
      after: '\nint z;\n',
      code: 'class B\n{\n};',
    },
    {
      what: 'a function with preprocessor lines',
      old: 'struct S {\n#ifdef X\n  int x;\n#endif\n  int y;\n};',
      after: '\nint z;',
      code: 'struct S {\n};',
    },
    {
      what: 'a function that ends with its indentation',
      old: 'def f():\n    return 1',
      after: '\nend = 3\nend.append(4)',
      code: 'def f():\n    return 2',
    },
    { what: 'a function that ends with a word', old: 'def f\n  1\nend', after: '\n\nputs f', code: 'def f\n  2\nend' },
    {
      what: 'a line above a block that does not belong to it',
      old: 'const a = 1;',
      after: '\n{\n  b();\n}',
      code: 'const a = 2;',
    },
    {
      what: 'a line above others that only the preprocessor indents',
      old: 'struct A a;',
      after: '\n#ifdef X\n  int b;\n#endif\nint c;',
      code: 'struct A a;\nint d;',
    },
    {
      what: 'a one-line function above a block',
      old: 'function f() { a(); }',
      after: '\n{\n  b();\n}',
      code: 'function f() { c(); }',
    },
  ];
  for (const { what, before = '', old, after = '', code } of cases) {
    it(`finds ${what}`, () => assert.equal(located(before + old + after, code), old));
  }

  it('finds no place if several have the name', () =>
    assert.equal(locateCode('let a;\nlet a;', 'let a = 1;'), undefined));
});

const one = 'function one() {\n  a();\n}\n';
const two = 'function two() {\n  b();\n}\n';
const three = 'const three = () => {\n  c();\n};\n';
const changed = (code: string): string => code.replace('();', '(1);');

describe('replaces the whole file with its rewritten version', () => {
  const imports = "import { a } from 'a';\nimport {\n  b,\n} from 'b';\nimport {\n  c,\n} from 'c';\n";
  const python =
    '"""Counts.\n\nFast.\n"""\nimport os\nfrom a import (\n    b,\n    c,\n)\n\nLIMIT = 3\n\n\n@cached\ndef one(\n    x,\n) -> int:\n    """One."""\n    return x\n\n\n' +
    'class Two:\n    def one(self):\n        pass\n\n\nif __name__ == "__main__":\n    one(1)\n';
  const header =
    '#ifndef A\n#define A\n\n#include <x.h>\n\nint one(void) {\n  return 1;\n}\n\nint two(int a)\n{\n  return a;\n}\n\n#endif\n';
  const component = "import { C } from 'c';\n\n@C({\n  tag: 'x',\n})\nexport class X {\n  y() {\n  }\n}\n";
  const overloads = 'function f(a: 1): 1;\nfunction f(a: 2): 2;\nfunction f(a: 1 | 2) {\n  return a;\n}\n';
  const branches = 'try:\n    import a\nexcept ImportError:\n    a = None\n\n\ndef one():\n    a()\n';
  const cases: readonly { readonly what: string; readonly file: string; readonly code: string }[] = [
    {
      what: 'with changed bodies',
      file: `${one}\n${two}\n${three}`,
      code: `${changed(one)}\n${changed(two)}\n${changed(three)}`,
    },
    { what: 'with imports', file: `${imports}\n${one}\n${two}`, code: `${imports}\n${changed(one)}\n${two}` },
    {
      what: 'with an added import in front',
      file: `${imports}\n${one}`,
      code: `import z from 'z';\n${imports}\n${changed(one)}`,
    },
    {
      what: 'with other names from the same modules',
      file: `${imports}\n${one}`,
      code: `${imports.replace('{ a }', '{ a, d }').replace('  b,', '  b,\n  e,')}\n${changed(one)}`,
    },
    {
      what: 'with imports in another order',
      file: `${imports}\n${one}`,
      code: `import { c } from 'c';\nimport { b } from 'b';\nimport { a } from 'a';\n\n${changed(one)}`,
    },
    { what: 'with an added declaration in front', file: `${one}\n${two}`, code: `${three}\n${changed(one)}\n${two}` },
    { what: 'with an added declaration at the end', file: `${one}\n${two}`, code: `${changed(one)}\n${two}\n${three}` },
    {
      what: 'without a declaration that was deleted',
      file: `${imports}\n${one}\n${two}\n${three}`,
      code: `${imports}\n${changed(one)}\n${three}`,
    },
    {
      what: 'with a default export',
      file: `${one}\nexport default function main() {\n  one();\n}\n`,
      code: `${changed(one)}\nexport default function main(x) {\n  one(x);\n}\n`,
    },
    {
      what: 'with exports below',
      file: `${one}\nexport { one };\n`,
      code: `${changed(one)}\n${two}\nexport { one, two };\n`,
    },
    {
      what: "with Node's exports below",
      file: `${one}\nmodule.exports = { one };\n`,
      code: `${changed(one)}\n${two}\nmodule.exports = {\n  one,\n  two,\n};\n`,
    },
    {
      what: 'with overloads',
      file: `${overloads}\n${one}`,
      code: `${overloads.replace('return a', 'return +a')}\n${changed(one)}`,
    },
    {
      what: 'with a licence above',
      file: `// Licence\n\n${one}\n${two}`,
      code: `// Licence\n\n${changed(one)}\n${two}`,
    },
    {
      what: 'of C, with its guard',
      file: header,
      code: header.replace('return 1', 'return 2').replace('two(int a)', 'two(int a, int b)'),
    },
    {
      what: 'of Python',
      file: python,
      code: python
        .replace('return x', 'return x + 1')
        .replace('    c,', '    c,\n    d,')
        .replace('LIMIT = 3', 'LIMIT = 4'),
    },
    {
      what: 'of Python, with another text above',
      file: python,
      code: python.replace('Counts.\n\nFast.', 'Counts fast.'),
    },
    {
      what: 'of Python, with branches at its margin',
      file: branches,
      code: branches.replace('a = None', 'a = 1').replace('a()', 'a(1)'),
    },
    {
      what: 'of a component, with its decorator',
      file: component,
      code: component.replace("'x'", "'z'").replace('y() {', 'y() {\n    z();'),
    },
    {
      what: 'whose first name also occurs inside another declaration',
      file: `${three}\nfunction main() {\n  const three = 3;\n}\n`,
      code: `${changed(three)}\nfunction main() {\n  const three = 4;\n}\n`,
    },
    {
      what: 'with line ends of Windows',
      file: `${one}\n${two}`.replaceAll('\n', '\r\n'),
      code: `${changed(one)}\n${two}`,
    },
  ];
  for (const { what, file, code } of cases)
    it(what, () => assert.equal(applied(file, code)?.trimEnd(), code.trimEnd()));
});

describe('locateCode with several declarations', () => {
  it('replaces the old versions', () => {
    assert.equal(
      located(`${three}\n${one}\n${two}\nd();\n`, `${changed(one)}\n${changed(two)}`),
      `${one}\n${two}`.trimEnd(),
    );
  });

  it('accepts new declarations between them', () => {
    assert.equal(located(`const zero = 0;\n\n${one}\n${two}`, `${one}\n${three}\n${two}`), `${one}\n${two}`.trimEnd());
  });

  it('accepts methods with other parameters and without their indentation', () => {
    const methods = '  one(a) {\n    x();\n  }\n\n  two(a) {\n    y();\n  }';
    const file = `class A {\n  zero() {\n  }\n\n${methods}\n}\n\nclass B {\n  two(a) {\n  }\n}\n`;
    assert.equal(located(file, 'one(a, b) {\n  x(b);\n}\n\ntwo(a, b) {\n  y(b);\n}'), methods);
  });

  it('leaves declarations of the same name inside other declarations', () => {
    assert.equal(
      located(`${one}\n${two}\nfunction main() {\n  const three = 3;\n}\n`, `${changed(one)}\n${two}\n${three}`),
      `${one}\n${two}`.trimEnd(),
    );
  });

  const nowhere: readonly { readonly what: string; readonly file: string; readonly code: string }[] = [
    { what: 'one occurs before the first', file: `${two}\n${one}`, code: `${one}\n${two}` },
    { what: 'one occurs several times', file: `${one}\n${two}\n${two}`, code: `${one}\n${two}` },
    {
      what: 'foreign declarations are in between',
      file: `d();\n${one}\n${two}\n${three}`,
      code: `${one}\n${three}`,
    },
    {
      what: 'foreign declarations are between an import and the last',
      file: `import a from 'a';\n\n${one}\n${two}`,
      code: `import a from 'a';\n\n${two}`,
    },
    {
      what: 'another import from the same module is in between',
      file: `from . import a\nfrom . import b\n\n${one}\n${two}`,
      code: `from . import a\n\n${one}`,
    },
    {
      what: 'foreign statements are in between',
      file: `${one}\nserve(1);\nserve(2);\n\n${two}\n${three}`,
      code: `${one}\n${two}`,
    },
    {
      what: 'they omit declarations with "..."',
      file: `${one}\n${two}\n${three}`,
      code: `${one}\n// ... two stays\n\n${three}`,
    },
    {
      what: 'one omits a part of itself with "..."',
      file: `${one}\n${two}`,
      code: 'function one() {\n  // ...\n  d();\n}\n',
    },
    {
      what: 'they begin with an import and "..."',
      file: `import a from 'a';\n\n${one}\n${two}`,
      code: `import a from 'a';\n\n...\n\n${two}`,
    },
    {
      what: 'they use code that the file lacks',
      file: 'function main() {\n  const sum = 0;\n}\n',
      code: "import { add } from 'add';\n\nconst sum = add(1, 2);",
    },
  ];
  for (const { what, file, code } of nowhere)
    it(`finds no place: ${what}`, () => assert.equal(locateCode(file, code), undefined));

  it('finds a place if "..." comes after the parts, or if the file itself has such a comment', () => {
    assert.equal(located(`${one}\n${two}`, `${changed(one)}\n// ... the rest stays`), one.trimEnd());
    assert.equal(
      located('function f() {\n  // ... and more\n}\n', 'function f() {\n  // ... and more\n  g();\n}'),
      'function f() {\n  // ... and more\n}',
    );
  });
});
