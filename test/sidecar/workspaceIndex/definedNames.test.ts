import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definedNames } from '../../../sidecar/workspaceIndex/definedNames.ts';
import { pathsWithoutGrammar } from '../../../sidecar/workspaceIndex/imports.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';

describe('definedNames', () => {
  const cases: readonly (readonly [text: string, names: readonly string[]])[] = [
    ['def total(items):\n  pass', ['total']],
    ['func (till *Till) Count() int {', ['Count']],
    ['int main(int argc, char **argv) {', ['main']],
    ['double Cart::total() noexcept override\n{', ['total']],
    ['List<Item> itemsOf(Cart cart) throws IOException, java.sql.SQLException {', ['itemsOf']],
    ['  total(items: Item[]): Promise<number> {', ['total']],
    ['größe(a) {', ['größe']],
    ['if (a) {\n} while (b) {', []],
    ['call(a);\n0xabcdef(a) {', []],
  ];
  for (const [text, names] of cases)
    it(`finds in ${JSON.stringify(text)}: ${names.join(', ') || 'none'}`, () =>
      assert.deepEqual([...definedNames(text)], names));
});

describe('a text made to be slow', () => {
  const texts: Readonly<Record<string, (length: number) => string>> = {
    'of clauses without a body': (length) => `f() ${'throws a '.repeat(length / 9)}`,
    'of one clause’s commas': (length) => `f() throws ${'a, '.repeat(length / 3)}`,
    'of qualifiers': (length) => `f() ${'const override '.repeat(length / 15)}`,
    'of white space behind parameters': (length) => `f()${'\n'.repeat(length)}`,
    'of white space behind a clause': (length) => `f() throws ${' '.repeat(length)}`,
    'of white space in a type': (length) => `f():${' '.repeat(length)}`,
    'of one endless name': (length) => 'a'.repeat(length),
    'of hexadecimal digits': (length) => '0123456789abcdef'.repeat(length / 16),
    'of parentheses that open': (length) => 'f('.repeat(length / 2),
    'of imports that never end': (length) => 'from a import (\n'.repeat(length / 16),
    'of white space behind an import': (length) => `import${' '.repeat(length)}`,
  };
  for (const [says, textOf] of Object.entries(texts)) {
    it(`${says} takes one pass`, () =>
      assertGrowsLinearly(200_000, (length) => {
        const text = textOf(length);
        definedNames(text);
        for (const file of ['a.vue', 'a.kt']) pathsWithoutGrammar(text, file);
      }));
  }
});
