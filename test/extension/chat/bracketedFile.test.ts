import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { locateCode } from '../../../extension/chat/locateCode.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';
import { applied } from './applied.ts';

describe('a bracketed block', () => {
  const manifest =
    '{\n  "name": "a",\n  "version": "1.0.0",\n  "scripts": {\n    "test": "node --test"\n  },\n  "dependencies": {\n    "b": "1"\n  }\n}\n';
  const compiler =
    '// Of the compiler.\n{\n  "compilerOptions": {\n    "strict": true\n  },\n  "include": ["src"]\n}\n';
  const list = '[\n  "a",\n  "b",\n  "c"\n]\n';
  const statements = '{\n  a();\n  b();\n  c();\n}\n';
  const bindings =
    '[\n  {\n    "key": "ctrl+a",\n    "command": "a"\n  },\n  {\n    "key": "ctrl+b",\n    "command": "b"\n  }\n]\n';

  const whole: readonly { readonly what: string; readonly file: string; readonly code: string }[] = [
    { what: 'with a changed value', file: manifest, code: manifest.replace('1.0.0', '1.1.0') },
    {
      what: 'with an added inner value',
      file: manifest,
      code: manifest.replace('"node --test"', '"node --test",\n    "lint": "eslint ."'),
    },
    {
      what: 'with an added key at the end',
      file: manifest,
      code: manifest.replace('  }\n}', '  },\n  "type": "module"\n}'),
    },
    { what: 'without a key that was deleted', file: manifest, code: manifest.replace('  "version": "1.0.0",\n', '') },
    { what: 'with changed indentation', file: manifest, code: manifest.replaceAll('  ', '    ') },
    { what: 'with line ends of Windows', file: manifest.replaceAll('\n', '\r\n'), code: manifest },
    { what: 'with a comment above', file: compiler, code: compiler.replace('true', 'false') },
    { what: 'with another comment above', file: compiler, code: compiler.replace('Of the', 'Of this') },
    { what: 'of a list', file: list, code: list.replace('"c"', '"c",\n  "d"') },
    { what: 'of a list of objects', file: bindings, code: bindings.replace('"command": "b"', '"command": "c"') },
    { what: 'of a list with a changed last value', file: list, code: list.replace('"c"', '"d"') },
    { what: 'of a list with a changed last object', file: bindings, code: bindings.replace('ctrl+b', 'ctrl+c') },
    { what: 'of statements with a changed last one', file: statements, code: statements.replace('c();', 'd();') },
    { what: 'of a one-line object', file: '{"a":1,"b":2}\n', code: '{\n  "a": 1,\n  "b": 3\n}\n' },
    {
      what: 'of a one-line list',
      file: '\n[{"id": 1, "of": "a"}, {"id": 2, "of": "b"}]',
      code: '[\n  {\n    "id": 1,\n    "of": "a"\n  },\n  {\n    "id": 2,\n    "of": "c"\n  }\n]',
    },
    { what: 'of an empty file', file: '{}\n', code: manifest },
  ];
  for (const { what, file, code } of whole)
    it(`replaces the whole file: ${what}`, () => assert.equal(applied(file, code)?.trim(), code.trim()));

  it('keeps comments above the brackets if the block has none', () => {
    const code = compiler.replace('true', 'false').split('\n').slice(1).join('\n');
    assert.equal(applied(compiler, code)?.trimEnd(), `// Of the compiler.\n${code}`.trimEnd());
  });

  const nowhere: readonly { readonly what: string; readonly file: string; readonly code: string }[] = [
    { what: 'it has one of several keys', file: manifest, code: '{\n  "scripts": {\n    "test": "vitest"\n  }\n}' },
    {
      what: 'it has one of several keys, after its bracket',
      file: manifest,
      code: '{ "scripts": {\n  "test": "vitest"\n} }',
    },
    { what: 'it has one of two keys', file: compiler, code: '{\n  "compilerOptions": {\n    "strict": false\n  }\n}' },
    { what: 'it omits keys with "..."', file: manifest, code: manifest.replace('"b": "1"', '...') },
    {
      what: 'it omits keys with a comment',
      file: manifest,
      code: manifest.replace('"version": "1.0.0"', '// ... the rest stays'),
    },
    {
      what: 'it omits a part within a line',
      file: manifest,
      code: manifest.replace('{\n    "b": "1"\n  }', '{ ... }'),
    },
    {
      what: 'it has one object of a list',
      file: bindings,
      code: '[\n  {\n    "key": "ctrl+b",\n    "command": "c"\n  }\n]',
    },
    { what: 'its last key differs', file: manifest, code: manifest.replace('"dependencies"', '"devDependencies"') },
    { what: 'it has one of several keys that are on one line', file: '{"a":1,"b":2}', code: '{\n  "a": 3\n}' },
    { what: 'the file is one line of other text', file: '{ a, b }', code: '{\n  "a": 3\n}' },
    { what: 'the file has other brackets', file: list, code: manifest },
    { what: 'it has no end', file: manifest, code: manifest.replace(/\}\n$/, '') },
    {
      what: 'the file has no outer brackets',
      file: 'function one() {\n  a();\n}\nfunction two() {\n  b();\n}\n',
      code: '{\n  a();\n}',
    },
  ];
  for (const { what, file, code } of nowhere)
    it(`has no place: ${what}`, () => assert.equal(locateCode(file, code), undefined));
});

describe('a bracketed block and a file without outer brackets', () => {
  const body = '{\n  const a = 1;\n  const b = 2;\n}';
  const main = '{\n  puts("a");\n  return 0;\n}';
  const method = '    {\n        x = 1;\n#ifdef Y\n        y = 1;\n#endif\n        return x;\n    }';

  const within: readonly {
    readonly what: string;
    readonly before?: string;
    readonly old: string;
    readonly after?: string;
    readonly code: string;
  }[] = [
    { what: 'a function', before: 'function f()\n', old: body, code: body.replace('2', '3') },
    {
      what: 'a function whose declarations all changed',
      before: 'function f()\n',
      old: body,
      code: body.replace('2', '3').replace('1', '2'),
    },
    {
      what: 'a function of C',
      before: '#include <stdio.h>\n\nint main()\n',
      old: main,
      after: '\n',
      code: main.replace('"a"', '"b"'),
    },
    {
      what: 'a function with an added statement',
      before: 'int one()\n{\n  return 0;\n}\n\nint main()\n',
      old: main,
      after: '\n\nint two()\n{\n  return 1;\n}\n',
      code: main.replace('  return', '  puts("b");\n  return'),
    },
    {
      what: 'a method with preprocessor lines',
      before: 'class A\n{\n    int f()\n',
      old: method,
      after: '\n};\n',
      code: method.replace('y = 1', 'y = 2').replaceAll(/^ {4}/gm, ''),
    },
    {
      what: 'a scope',
      before: 'let a;\n',
      old: '{\n  a();\n  b();\n  c();\n}',
      after: '\nd();',
      code: '{\n  a();\n  b();\n  e();\n}',
    },
    {
      what: 'a scope at the beginning of the file',
      old: '{\n  a();\n  b();\n}',
      after: '\nd();',
      code: '{\n  a();\n  c();\n}',
    },
  ];
  for (const { what, before = '', old, after = '', code } of within) {
    it(`replaces the body with its brackets: ${what}`, () =>
      assert.equal(applied(before + old + after, code), before + code + after));
  }

  const nowhere: readonly { readonly what: string; readonly file: string; readonly code: string }[] = [
    { what: 'two functions have such a body', file: `f()\n${body}\ng()\n${body}\n`, code: body },
    { what: 'the bracket comes after the function', file: `f() ${body}\n`, code: body },
    {
      what: 'it shares one of many statements',
      file: `int main()\n${main}\n`,
      code: '{\n  a();\n  b();\n  c();\n  return 0;\n}',
    },
    {
      what: 'it has the first of several statements',
      file: `f()\n${body.replace('}', '  d();\n  e();\n}')}\n`,
      code: body,
    },
    { what: 'it omits statements with "..."', file: `f()\n${body}\n`, code: body.replace('const b = 2;', '// ...') },
    { what: 'it has a comment above', file: `f()\n${body}\n`, code: `// The body:\n${body}` },
    {
      what: 'it may be an additional object of a list',
      file: 'a = [\n  {\n    "id": 1,\n    "b": 1\n  }\n]\n',
      code: '{\n  "id": 2,\n  "b": 2\n}',
    },
    { what: 'the body is empty', file: 'f()\n{\n}\n', code: body },
  ];
  for (const { what, file, code } of nowhere)
    it(`has no place: ${what}`, () => assert.equal(applied(file, code), undefined));
});

it('a list of very many lines is compared in a single pass', () => {
  const list = (lines: readonly string[]): string => `[\n${lines.join(',\n')}\n]`;
  return assertGrowsLinearly(130_000, (count) => {
    const numbers = Array.from({ length: count }, (_, index) => `  ${index}`);
    assert.equal(applied(list(numbers), list([...numbers].reverse())), list([...numbers].reverse()));
  });
});
