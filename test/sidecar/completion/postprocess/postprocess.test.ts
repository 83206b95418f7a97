import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { overtypedUnits } from '../../../../sidecar/completion/postprocess/closers.ts';
import { postprocess } from '../../../../sidecar/completion/postprocess/index.ts';
import { cursorAt } from '../cursorAt.ts';

interface Case {
  readonly name: string;
  /** The document, with `‸` at the cursor. */
  readonly document: string;
  readonly model: string;
  readonly shown: string;
  readonly multiline?: boolean;
  readonly languageId?: string;
  /** The model's text was cut off by a limit. */
  readonly cutOff?: boolean;
}

const groups: Readonly<Record<string, readonly Case[]>> = {
  'what is no text of the document': [
    { name: 'an end mark', document: 'const a = ‸', model: '1;<|endoftext|>more', shown: '1;' },
    { name: 'a mark of fill-in-the-middle', document: 'const a = ‸', model: '1;<fim_suffix>x', shown: '1;' },
    { name: 'a Markdown fence after code', document: 'x = ‸', model: '1\n```\nThis code sets x', shown: '1', multiline: true, languageId: 'python' },
    { name: 'a fence in Markdown stays', document: 'Run it:\n‸', model: '```\nnpm start\n```', shown: '```\nnpm start\n```', multiline: true, languageId: 'markdown' },
  ],
  'the end of a line': [
    { name: 'the next line is not asked for', document: 'let a = ‸', model: 'b;\nlet c = d;', shown: 'b;' },
    { name: 'the line was complete', document: 'let a = b;‸', model: '\nlet c = d;', shown: '' },
    { name: 'white space at the end goes', document: 'let a = ‸', model: 'b;  ', shown: 'b;' },
    { name: 'white space alone is nothing', document: 'let a = b;‸', model: '   ', shown: '' },
    { name: 'an unfinished last line goes', document: 'function f() {‸', model: '\n  one();\n  two();\n  thr', shown: '\n  one();\n  two();', multiline: true, cutOff: true },
    { name: 'a lone unfinished line stays', document: 'const name = ‸', model: 'aVeryLongNa', shown: 'aVeryLongNa', cutOff: true },
  ],
  'the end of a block': [
    {
      name: 'a Python body ends before the next function',
      document: 'def f(a):\n    ‸',
      model: 'return a\n\ndef g(b):\n    return b',
      shown: 'return a',
      multiline: true,
      languageId: 'python',
    },
    {
      name: 'a body in braces ends with its brace',
      document: 'function f() {‸',
      model: '\n  return 1;\n}\n\nfunction g() {\n}',
      shown: '\n  return 1;\n}',
      multiline: true,
    },
    {
      name: 'the brace stands there already',
      document: 'function f() {\n  ‸\n}',
      model: 'return 1;\n}\n\nfunction g() {}',
      shown: 'return 1;',
      multiline: true,
    },
    {
      name: 'inner blocks stay whole',
      document: 'function f() {\n  ‸\n}',
      model: 'if (a) {\n    b();\n  }\n  return c;\n}',
      shown: 'if (a) {\n    b();\n  }\n  return c;',
      multiline: true,
    },
    { name: 'a function under a comment, and not the one after it', document: '# Adds.\n‸', model: 'def add(a, b):\n    return a + b\n\ndef sub(a, b):', shown: 'def add(a, b):\n    return a + b', multiline: true, languageId: 'python' },
    { name: 'Ruby closes with a word', document: 'def f‸', model: '(a)\n  a\nend\n\ndef g', shown: '(a)\n  a\nend', multiline: true, languageId: 'ruby' },
  ],
  'closers that stand there already': [
    { name: 'the round bracket', document: 'foo(‸)', model: 'bar)', shown: 'bar' },
    { name: 'and what follows it', document: 'foo(‸);', model: 'bar, baz);', shown: 'bar, baz' },
    { name: 'brackets of the completion’s own stay', document: 'foo(‸)', model: 'bar(1), baz(2))', shown: 'bar(1), baz(2)' },
    { name: 'the quote of the string at the cursor', document: 'import a from "‸"', model: './a"', shown: './a' },
    { name: 'what goes on behind the closers of the line brings them', document: 'import a from "‸"', model: './a";', shown: './a";' },
    { name: 'so does what assigns to an element', document: 'x = () => {\n  refs[0‸]\n}', model: '] = n;', shown: '] = n;' },
    { name: 'and what opens a block', document: 'if (result‸)', model: ' > 0) {', shown: ' > 0) {' },
    { name: 'and what ends with the mark that waits', document: 'foo(‸);', model: 'a).then(b);', shown: 'a).then(b);' },
    { name: 'what opens as much again as it closes goes before them', document: 'print(foo(‸)', model: 'a), b', shown: 'a), b', languageId: 'python' },
    { name: 'a string that is ended and another begun', document: 'x = "a ‸"', model: 'b" "c', shown: 'b" "c', languageId: 'python' },
    { name: 'a closer more is a slip', document: 'print(‸)', model: '"a"))', shown: '"a"', languageId: 'python' },
    { name: 'behind two', document: 'console.log(foo(‸))', model: 'x)));', shown: 'x' },
    { name: 'and where one is open further out', document: 'describe("a", () => {\n  run(‸)', model: 'x))', shown: 'x' },
    { name: 'a list of JSON keeps its one closer', document: '{\n  "a": [‸]\n}', model: '1, 2],', shown: '1, 2', languageId: 'json' },
    { name: 'the last text of a JSON object has no comma', document: '{\n  "name": "‸"\n}', model: 'foo",', shown: 'foo', languageId: 'json' },
    { name: 'what goes on behind them in several lines does not', document: 'foo(‸)', model: 'a).then(() => {\n  b();\n});', shown: 'a', multiline: true },
    { name: 'nor what goes on without the mark that waits', document: 'foo(‸);', model: 'a) + b', shown: 'a' },
    { name: 'quotes of the completion’s own stay', document: 'foo(‸)', model: '"a)b", c)', shown: '"a)b", c' },
    { name: 'the bracket after further lines', document: 'foo(‸)', model: '(a) => {\n  b();\n});\nc()', shown: '(a) => {\n  b();\n}', multiline: true },
    { name: 'the colon', document: 'if ‸:', model: 'x > 0:', shown: 'x > 0', languageId: 'python' },
    { name: 'the last value of a JSON object has no comma', document: '{\n  "a": ‸\n}', model: '1,', shown: '1', languageId: 'json' },
    { name: 'a value of a JSON object before another has one', document: '{\n  "a": ‸\n  "b": 2\n}', model: '1,', shown: '1,', languageId: 'json' },
    { name: 'a closer that closes nothing', document: 'const a = b‸', model: '.c);', shown: '.c' },
    { name: 'a closer of an opener before the cursor stays', document: 'foo(a, ‸', model: 'b);', shown: 'b);' },
    { name: 'a closer in a string stays, behind an escaped quote too', document: 'print(‸', model: '"\\")");', shown: '"\\")");' },
    { name: 'a closer of an opener some lines above stays', document: 'foo(\n  a,\n  ‸', model: 'b)', shown: 'b)' },
    { name: 'the quote of the string at the cursor, behind an apostrophe', document: 'print("‸")', model: 'I don\'t know")', shown: 'I don\'t know', languageId: 'python' },
    { name: 'the round bracket and what follows it stay, behind a lifetime', document: 'fn get<\'a>(‸)', model: '&\'a self) -> &\'a str {', shown: '&\'a self) -> &\'a str {', languageId: 'rust' },
    { name: 'the round bracket, behind a bracket that is a character', document: 'push(‸)', model: '\')\', b)', shown: '\')\', b', languageId: 'rust' },
    { name: 'a pattern of a shell’s case stays', document: 'case "$1" in\n  ‸', model: 'start)\n    run\n    ;;', shown: 'start)\n    run\n    ;;', multiline: true, languageId: 'shellscript' },
    { name: 'the mark of a list in Markdown stays', document: '1) Install it.\n‸', model: '2) Run it.', shown: '2) Run it.', languageId: 'markdown' },
    { name: 'the end of an interval in a comment stays', document: '// The offset lies in [0, ‸', model: 'length)', shown: 'length)' },
  ],
  'prose among code': [
    { name: 'a sentence', document: '// Sorts by name.\n‸', model: 'The user can sort the list of names by this.', shown: '', multiline: true },
    { name: 'a Markdown list', document: '# The largest.\n‸', model: 'x = 1\n* `max`: the largest', shown: 'x = 1', multiline: true, languageId: 'python' },
    { name: 'in a comment it stays', document: '// ‸', model: 'The user can sort the list of names by this.', shown: 'The user can sort the list of names by this.' },
    { name: 'in a docstring it stays', document: 'def f():\n    """‸', model: 'Returns the sum of the numbers in the list."""', shown: 'Returns the sum of the numbers in the list."""', languageId: 'python' },
    { name: 'code that begins with a capital stays', document: 'a = ‸', model: 'Model.objects.filter(name=b, other=c)', shown: 'Model.objects.filter(name=b, other=c)', languageId: 'python' },
    { name: 'in Markdown it stays', document: '# Title\n\n‸', model: 'The user can sort the list of names.', shown: 'The user can sort the list of names.', languageId: 'markdown' },
    { name: 'between tags it stays', document: 'return (\n  <p>\n    ‸', model: 'Please enter your name and address here.', shown: 'Please enter your name and address here.', languageId: 'typescriptreact' },
    { name: 'in a language that is not known it stays', document: 'Scenario: orders\n  ‸', model: 'Given a user with three open orders', shown: 'Given a user with three open orders', languageId: 'feature' },
    { name: 'what the user began stays', document: 'Given a ‸', model: 'user with three open orders', shown: 'user with three open orders' },
    { name: 'a mapping that is unpacked is none', document: 'super().f(\n    ‸', model: 'name=name,\n    **options,\n)', shown: 'name=name,\n    **options,', multiline: true, languageId: 'python' },
    { name: 'a term that is taken away is none', document: 'net = (gross\n       ‸', model: '- Decimal(1)\n       - TAX)', shown: '- Decimal(1)\n       - TAX)', multiline: true, languageId: 'python' },
  ],
  'what the document has already': [
    { name: 'the next line', document: '  ‸\n  return total;', model: 'return total;', shown: '' },
    { name: 'the next line but for a letter', document: '  ‸\n  return computeTotals(a, b);', model: 'return computeTotal(a, b);', shown: '' },
    { name: 'the next line further down', document: '{\n  ‸\n  return total;\n}', model: 'total += 1;\n  return total;\n}', shown: 'total += 1;', multiline: true },
    { name: 'the line above', document: '    total = add(a, b)\n    ‸', model: 'total = add(a, b)', shown: '', languageId: 'python' },
    { name: 'short lines may repeat', document: '  }\n‸', model: '}', shown: '', multiline: false },
    { name: 'several lines above', document: 'a.first(1);\na.second(2);\n‸', model: 'a.first(1);\na.second(2);', shown: '', multiline: true },
    { name: 'the same body behind another head is none of it', document: 'if err != nil {\n\treturn err\n}\nb, err := bar()\nif err != nil {‸', model: '\n\treturn err\n}', shown: '\n\treturn err\n}', multiline: true, languageId: 'go' },
    { name: 'nor are lines that stand further above', document: 'a.open(1);\na.close(2);\nb.other(3);\n‸', model: 'a.open(1);\na.close(2);', shown: 'a.open(1);\na.close(2);', multiline: true },
    { name: 'the same word at another depth closes something else', document: 'def total\n    ‸\n  end', model: 'items.each do |item|\n      puts item\n    end', shown: 'items.each do |item|\n      puts item\n    end', multiline: true, languageId: 'ruby' },
    { name: 'a return at another depth is another one', document: 'def f(x):\n    if x:\n        ‸\n    return None', model: 'if x > 3:\n            return None\n        return x', shown: 'if x > 3:\n            return None\n        return x', multiline: true, languageId: 'python' },
    { name: 'a row like the next one is another row', document: 'const cases = [\n  ‸\n  { input: \'abd\', expected: 4 },\n];', model: '{ input: \'abc\', expected: 3 },', shown: '{ input: \'abc\', expected: 3 },' },
    { name: 'so is one with another number', document: '  ‸\n  table.push(row12);', model: 'table.push(row1);', shown: 'table.push(row1);' },
    { name: 'the rest of the line', document: 'const ‸ = require("fs");', model: 'fs = require("fs");', shown: 'fs' },
  ],
  circles: [
    { name: 'one line again and again', document: 'def f():\n    ‸', model: 'go()\n    go()\n    go()\n    go()', shown: 'go()', multiline: true, languageId: 'python' },
    { name: 'within a line', document: 'x = ‸', model: '[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1', shown: '', languageId: 'python' },
    { name: 'one line among others', document: 'def f():\n    ‸', model: 'a.first_call(x, y)\n    b()\n    a.first_call(x, y)\n    c()\n    a.first_call(x, y)', shown: 'a.first_call(x, y)\n    b()', multiline: true, languageId: 'python' },
    { name: 'a rule of dashes is no circle', document: '// ‸', model: '----------------', shown: '----------------' },
    { name: 'tags within tags are no circle', document: 'return (‸', model: '\n  <div>\n    <div>\n      <div>\n', shown: '\n  <div>\n    <div>\n      <div>', multiline: true, languageId: 'typescriptreact' },
    { name: 'ends of blocks within blocks are none', document: 'def f\n  a do\n    b do\n      ‸', model: 'c do\n        d\n      end\n    end\n  end', shown: 'c do\n        d\n      end', multiline: true, languageId: 'ruby' },
    ...['1000000000;', '0xFFFFFFFF;', "'00000000-0000-0000-0000-000000000000';", '[0, 0, 0, 0, 0];', 'query("INSERT INTO t VALUES (?, ?, ?, ?, ?)");'].map((model) => ({ name: `${model} is none`, document: 'x = ‸', model, shown: model })),
    { name: 'four columns are none', document: 'a {\n  grid-template-columns: ‸', model: '1fr 1fr 1fr 1fr;', shown: '1fr 1fr 1fr 1fr;', languageId: 'css' },
  ],
  indentation: [
    { name: 'tabs where the document has tabs', document: 'func f() {\n\ta()\n\tb()\n}\n\nfunc g() {‸', model: '\n    c()\n}', shown: '\n\tc()\n}', multiline: true, languageId: 'go' },
    { name: 'spaces where the document has spaces', document: 'def f():\n  a\n\ndef g():‸', model: '\n\treturn 1', shown: '\n  return 1', multiline: true, languageId: 'python' },
  ],
  'nothing that saves typing': [
    { name: 'Markdown’s marks', document: 'def f(n):‸', model: '**', shown: '', languageId: 'python' },
    { name: 'a comment mark alone', document: 'a();\n‸', model: '//', shown: '' },
    { name: 'a lone brace on a fresh line', document: 'a();\n‸', model: '}', shown: '' },
  ],
};

for (const [group, cases] of Object.entries(groups)) {
  describe(`A completion: ${group}`, () => {
    for (const { name, document, model, shown, multiline = false, languageId, cutOff = false } of cases) {
      test(name, () => {
        assert.equal(postprocess(model, { cursor: cursorAt(document, languageId), multiline, ended: !cutOff }), shown);
      });
    }
  });
}

describe('Units after the cursor that a completion brings itself', () => {
  const cases: readonly { readonly document: string; readonly text: string; readonly units: number; readonly languageId?: string }[] = [
    { document: 'refs[0‸]', text: '] = n;', units: 1 },
    { document: 'foo(bar[‸])', text: 'x]) + 1', units: 2 },
    { document: 'foo(‸);', text: 'a).then(b);', units: 2 },
    { document: 'foo(‸)', text: 'bar(1)', units: 0 },
    { document: 'foo(‸)', text: 'a', units: 0 },
    { document: 'foo(‸) + 1', text: 'a) + 2', units: 0 },
    { document: 'print("‸")', text: "it's done\")  # x", units: 2, languageId: 'python' },
    { document: 'print(foo(‸)', text: 'a), b', units: 0, languageId: 'python' },
    { document: 'x = "a ‸"', text: 'b" "c', units: 0, languageId: 'python' },
  ];
  for (const { document, text, units, languageId } of cases) test(`${document} + ${text}: ${units}`, () => assert.equal(overtypedUnits(text, cursorAt(document, languageId)), units));
});
