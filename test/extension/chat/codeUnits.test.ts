import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isSame, linesOf, unitAt, unitsOf, type CodeUnit } from '../../../extension/chat/codeUnits.ts';

const only = (code: string): CodeUnit => unitAt(linesOf(code), 0) as CodeUnit;

describe('unitsOf', () => {
  it('tells imports, declarations, heads and statements apart', () => {
    const code = "import a from 'a';\n\n// Runs.\nfunction f() {\n  const b = 1;\n}\nf();\n";
    assert.deepEqual(
      unitsOf(linesOf(code), 0).map(({ kind, start, end }) => [kind, start, end]),
      [
        ['import', 0, 1],
        ['head', 2, 3],
        ['declaration', 3, 6],
        ['statement', 6, 7],
      ],
    );
  });

  const whole: readonly (readonly [what: string, code: string])[] = [
    ['an import over several lines', "import {\n  a,\n} from 'a';"],
    ['a Python function with parameters over several lines', 'def f(\n    a,\n) -> int:\n    return a'],
    ['branches of Python', 'if a:\n    b()\nelif c:\n    d()\nelse:\n    e()'],
    ['branches with braces', 'if (a) {\n  b();\n}\nelse {\n  c();\n}'],
    ['a triple-quoted string', 'TEXT = """\nimport a\n"""'],
    ['a triple-quoted documentation string', '"""Counts.\n\nimport a\n"""'],
    ['a comment', '/*\nconst a = 1;\n*/'],
    ['a Ruby method that rescues', 'def f\n  a\nrescue E\n  b\nend'],
  ];
  for (const [what, code] of whole) {
    it(`returns ${what} as one unit`, () =>
      assert.deepEqual(
        unitsOf(linesOf(`${code}\nlast()`), 0).map(({ end }) => end),
        [linesOf(code).length, linesOf(code).length + 1],
      ));
  }

  const same: readonly (readonly [one: string, other: string])[] = [
    ['function f(a) {', 'export async function f(a, b) {'],
    ['const f = 1;', 'let f = 2;'],
    ['  f(a) {', '  async f(a, b): Promise<void> {'],
    ['int f(int a)\n{', 'int f(long a) {'],
    ['void A::f(int a) {', 'void A::f() {'],
    ["import { a } from 'a';", "import {\n  a,\n  b,\n} from 'a';"],
    ['from a import b', 'from a import (\n  c\n)'],
    ['export { a };', 'export {\n  a,\n  b,\n};'],
    ['call();', 'call();'],
  ];
  for (const [one, other] of same)
    it(`takes ${JSON.stringify(one)} for the same as ${JSON.stringify(other)}`, () =>
      assert.ok(isSame(only(one), only(other))));

  const different: readonly (readonly [one: string, other: string])[] = [
    ['function f() {', 'function g() {'],
    ['call(1);', 'call(2);'],
    ['if (a) {', 'if (b) {'],
    ["it('a', () => {", "it('b', () => {"],
    ['call(1);', 'call(a) {'],
    ["import a from 'a';", "import a from 'b';"],
    ['void A::f() {', 'void B::f() {'],
    ['useEffect(() => {', 'useEffect((a) => {'],
  ];
  for (const [one, other] of different)
    it(`tells ${JSON.stringify(one)} from ${JSON.stringify(other)}`, () => assert.ok(!isSame(only(one), only(other))));
});
