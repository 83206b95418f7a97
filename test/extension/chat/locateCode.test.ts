import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { locateCode } from '../../../extension/chat/locateCode.ts';

/** The lines of a file that a block of code is a new version of. */
function located(file: string, code: string): string | undefined {
  const span = locateCode(file, code);
  return span && file.split('\n').slice(span.start, span.end).join('\n');
}

describe('where code of an answer belongs', () => {
  const cases: readonly { readonly what: string; readonly before?: string; readonly old: string; readonly after?: string; readonly code: string }[] = [
    { what: 'a function with its brace behind it', before: 'let a;\n', old: 'function f() {\n  a();\n}', after: '\nlet b;', code: 'function f(x) {\n  a(x);\n}' },
    { what: 'a class with its brace below it', before: 'class A\n{\n}\n\n', old: 'class B\n{\n    int x;\n}', after: '\n\nint y;\n', code: 'class B\n{\n    int x;\n    int z;\n}' },
    { what: 'a class with labels at its margin', old: 'class B\n{\npublic:\n    int x;\nprivate:\n    int y;\n};', after: '\nint z;\n', code: 'class B\n{\n};' },
    { what: 'a function with lines for the preprocessor', old: 'struct S {\n#ifdef X\n  int x;\n#endif\n  int y;\n};', after: '\nint z;', code: 'struct S {\n};' },
    { what: 'a function that ends with its indentation', old: 'def f():\n    return 1', after: '\nend = 3\nend.append(4)', code: 'def f():\n    return 2' },
    { what: 'a function that ends with a word', old: 'def f\n  1\nend', after: '\n\nputs f', code: 'def f\n  2\nend' },
    { what: 'a line, with a block below that is not its', old: 'const a = 1;', after: '\n{\n  b();\n}', code: 'const a = 2;' },
    { what: 'a line, with others below that only the preprocessor indents', old: 'struct A a;', after: '\n#ifdef X\n  int b;\n#endif\nint c;', code: 'struct A a;\nint d;' },
    { what: 'a function of one line, with a block below', old: 'function f() { a(); }', after: '\n{\n  b();\n}', code: 'function f() { c(); }' },
  ];
  for (const { what, before = '', old, after = '', code } of cases) {
    it(`is ${what}`, () => assert.equal(located(before + old + after, code), old));
  }

  it('is nowhere, where several places have its name', () => assert.equal(locateCode('let a;\nlet a;', 'let a = 1;'), undefined));
});
