import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { definedNames } from '../../../sidecar/context/definedNames.ts';
import { importedPaths } from '../../../sidecar/context/imports.ts';

describe('the names that a text seems to define', () => {
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
  for (const [text, names] of cases) it(`of ${JSON.stringify(text)} are: ${names.join(', ') || 'none'}`, () => assert.deepEqual([...definedNames(text)], names));
});

describe('a text made to be slow', () => {
  const LENGTH = 200_000;
  const texts: Readonly<Record<string, string>> = {
    'of clauses without a body': `f() ${'throws a '.repeat(LENGTH / 9)}`,
    'of one clause’s commas': `f() throws ${'a, '.repeat(LENGTH / 3)}`,
    'of qualifiers': `f() ${'const override '.repeat(LENGTH / 15)}`,
    'of white space behind parameters': `f()${'\n'.repeat(LENGTH)}`,
    'of white space behind a clause': `f() throws ${' '.repeat(LENGTH)}`,
    'of white space in a type': `f():${' '.repeat(LENGTH)}`,
    'of one endless name': 'a'.repeat(LENGTH),
    'of hexadecimal digits': '0123456789abcdef'.repeat(LENGTH / 16),
    'of parentheses that open': 'f('.repeat(LENGTH / 2),
    'of imports that never end': 'from a import (\n'.repeat(LENGTH / 16),
    'of white space behind an import': `import${' '.repeat(LENGTH)}`,
  };
  for (const [says, text] of Object.entries(texts)) {
    it(`${says} takes no time to speak of`, () => {
      const startedAtMs = performance.now();
      definedNames(text);
      for (const languageId of ['typescript', 'python']) importedPaths(text, 'a', languageId);
      assert.ok(performance.now() - startedAtMs < 1_000);
    });
  }
});
