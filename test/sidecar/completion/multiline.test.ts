import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { chooseExtent } from '../../../sidecar/completion/multiline.ts';
import { cursorAt } from './cursorAt.ts';

const several: readonly (readonly [name: string, languageId: string, document: string])[] = [
  ['an empty function body', 'python', 'def f(a):\n    ‸'],
  ['after a function head', 'python', 'def f(a):‸'],
  ['an empty body before the next function', 'python', 'def f(a):\n    ‸\n\ndef g():\n    pass'],
  ['an empty block in braces', 'typescript', 'if (a) {\n  ‸\n}'],
  ['after an opening brace', 'go', 'func f() {‸'],
  ['after a brace that the editor closed', 'go', 'func f() {‸}'],
  ['after an arrow', 'typescript', 'const f = () =>‸'],
  ['an empty list', 'typescript', 'const a = [\n  ‸\n];'],
  ['under a comment', 'typescript', '// Sorts by name.\n‸'],
  ['names to import that the user put on lines of their own', 'typescript', 'import {\n  ‸\n} from "./a";'],
  ['an exported class', 'typescript', 'export class A {‸}'],
  ['an exported object', 'typescript', 'export default {‸}'],
  ['an exported constant', 'typescript', 'export const a = {‸}'],
  ['an empty method', 'ruby', 'def f\n  ‸'],
  ['after do', 'ruby', 'list.each do |x|‸'],
  ['after a head with types', 'python', 'def f(a: int, b: str = "x:y") -> int:‸'],
  ['after a head of several lines', 'python', 'def f(\n    a: int,\n) -> dict[str, int]:‸'],
  [
    'an empty body below a head of several lines',
    'python',
    'def f(\n    a: int,\n):  # noqa\n    ‸\n\ndef g():\n    pass',
  ],
  [
    'an empty body below a head that ends with its last argument',
    'python',
    'class A:\n    def f(self,\n          a):\n        ‸\n\n    def g(self):\n        pass',
  ],
  ['an empty lambda, below its parameters', 'kotlin', 'items.forEach { item ->\n    ‸\n}'],
  ['an empty closure, below its parameters', 'swift', 'items.forEach { [weak self] item in\n    ‸\n}'],
  ['an empty case', 'typescript', 'switch (a) {\n  case ":":\n    ‸\n  default:\n    b();\n}'],
  ['after the label of a case', 'go', 'switch a {\ncase 1, 2: // few\n\tb()\ndefault:‸\n}'],
  ['after a head with an apostrophe in a string', 'python', 'if name == "don\'t":‸'],
  ['after a callback’s brace', 'typescript', 'list.forEach((x) => {‸})'],
  ['after a brace behind a lifetime', 'rust', "fn get<'a>(x: &'a str) {‸}"],
];

const one: readonly (readonly [name: string, languageId: string, document: string])[] = [
  ['within a line', 'typescript', 'const a = ‸'],
  ['a body that already has lines', 'python', 'def f(a):\n    ‸\n    return a'],
  ['a block that already has lines', 'typescript', 'if (a) {\n  ‸\n  b();\n}'],
  ['a further statement', 'typescript', 'a();\n‸'],
  ['inside a comment', 'typescript', '// Sorts ‸'],
  ['a body with lines below a head of several lines', 'python', 'def f(a,\n      b):\n    ‸\n    return a'],
  ['the iterable of a loop', 'typescript', 'if (a) { for (const b in‸) }'],
  ['the type of a function', 'kotlin', 'class A(val b: (Int) ->‸)'],
  ['a case that already has lines', 'java', 'switch (a) {\n    case A:\n        ‸\n        b();\n}'],
  ['a place for another case', 'typescript', 'switch (a) {\n  case 1:\n  ‸\n}'],
  ['a member behind a brace', 'php', 'foreach ($a as $b) { $this->‸ }'],
  ['the iterable of a loop behind a brace', 'rust', 'if a { for b in‸'],
  ['the rest of a label', 'typescript', 'switch (a) {\n  case f(":‸'],
  ['a slice of several lines', 'python', 'a = b[\n    1:‸'],
  ['a slice, which is no block', 'python', 'a = b[1:‸'],
  ['a dictionary’s colon', 'python', 'a = {"b":‸'],
  ['the type of a parameter', 'python', 'def load(path:‸)'],
  ['the type of a parameter, with a space', 'python', 'def f(self, a: ‸)'],
  ['a slice in a loop’s head', 'python', 'for x in xs[1:‸]'],
  ['a lambda in a condition', 'python', 'if sorted(xs, key=lambda x:‸)'],
  ['a string in a head', 'python', 'with open("C:‸")'],
  ['a value in a string', 'csharp', 'var a = $"Hello {‸}";'],
  ['a value in a printed text', 'rust', 'println!("got {‸}")'],
  ['a value in a template', 'typescript', 'const a = `Hello ${‸}`;'],
  ['a value in a string with words', 'ruby', 'puts "a #{‸}"'],
  ['text that goes on behind the cursor', 'typescript', 'if (a) {‸ b(); }'],
  ['arguments whose bracket the editor closed', 'typescript', 'console.log(‸)'],
  ['names to import', 'typescript', 'import {‸}'],
  ['names to import, with spaces', 'typescript', 'import { ‸ }'],
  ['names to import, not closed yet', 'typescript', 'import React, {‸'],
  ['types to import', 'typescript', 'import type { ‸ }'],
  ['names to export', 'typescript', 'export {‸}'],
  ['names of a destructured object', 'typescript', '  const { ‸ }'],
  ['names of a path', 'rust', 'pub(crate) use std::collections::{‸}'],
  ['names of a namespace', 'php', 'use App\\Models\\{‸}'],
  ['prose', 'markdown', '# Title\n‸'],
];

describe('chooseExtent chooses several lines for', () => {
  for (const [name, languageId, document] of several) {
    test(name, () => assert.equal(chooseExtent(cursorAt(document, languageId), {}).multiline, true));
  }
});

describe('chooseExtent chooses one line for', () => {
  for (const [name, languageId, document] of one) {
    test(name, () => assert.equal(chooseExtent(cursorAt(document, languageId), {}).multiline, false));
  }
});

test('the setting overrides syntax', () => {
  assert.equal(chooseExtent(cursorAt('if (a) {‸'), { multiline: 'never' }).multiline, false);
  assert.equal(chooseExtent(cursorAt('const a = ‸'), { multiline: 'always' }).multiline, true);
});

test('the setting for tokens can lower the limit but not raise it', () => {
  assert.equal(chooseExtent(cursorAt('a = ‸'), { maxTokens: 5 }).maxTokens, 5);
  assert.ok(chooseExtent(cursorAt('a = ‸'), { maxTokens: 500 }).maxTokens < 100);
});
