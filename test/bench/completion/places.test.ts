import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { similarityOf } from './similarity.ts';
import { placesOf, writtenFiles } from './places.ts';

const padding = Array.from({ length: 20 }, (_, line) => `# line ${line}`).join('\n');
const find = (text: string, file: string): [string, string][] =>
  placesOf(text, { folder: '', file, name: 'package' }).map(({ name, line }) => [name, line]);

describe('placesOf', () => {
  it('returns the first calls of names that a Python file imports from its own package', () => {
    const text = `from os import path\nfrom .cart import (\n    Cart,\n    total as sum_of,\n)\n\n${padding}\nx = path.join("a", "b")\nprice = sum_of(cart, 1)\nagain = sum_of(cart, 2)\ncart = Cart(price)\n`;
    assert.deepEqual(find(text, 'shop.py'), [
      ['Cart', 'cart = Cart(price)'],
      ['sum_of', 'price = sum_of(cart, 1)'],
    ]);
  });

  it('returns those of an imported or required module', () => {
    const text = `import fs from 'node:fs';\nimport { total, type Item } from './cart';\nconst { mail } = require('./mail');\n\n${padding.replaceAll('#', '//')}\nfs.readFileSync(name);\nconst sum = total(items, 1);\nmail(sum, 'address');\n`;
    assert.deepEqual(find(text, 'shop.js'), [
      ['total', 'const sum = total(items, 1);'],
      ['mail', "mail(sum, 'address');"],
    ]);
  });

  it('contains the file up to the line, with its indentation', () => {
    const text = `from .cart import total\n\n${padding}\ndef order(items):\n    return total(items, 1)\n`;
    const [place] = placesOf(text, { folder: '', file: 'shop.py', name: 'package' });
    assert.ok(place?.before.endsWith('def order(items):\n    '));
  });
});

describe('writtenFiles', () => {
  for (const [what, files, written] of [
    [
      'a package that is built into several folders',
      ['src/a.ts', 'es/a.js', 'cjs/a.js', 'build/esm/a.js', 'dist/a.js', 'lib/a.js'],
      ['src/a.ts'],
    ],
    ['a package with its sources in lib', ['lib/a.js', 'lib/tests/a.js', 'index.d.ts'], ['lib/a.js']],
    ['of Python', ['shop/cart.py', 'shop/_vendor/six.py', 'README.md'], ['shop/cart.py']],
  ] as const) {
    it(`returns the hand-written files: ${what}`, () => assert.deepEqual(writtenFiles(files), written));
  }
});

describe('similarityOf', () => {
  for (const [one, other, is] of [
    ['', '', 1],
    ['abc', 'abc', 1],
    ['abc', '', 0],
    ['abcd', 'abxd', 0.75],
  ] as const) {
    it(`returns ${is} for ${JSON.stringify(one)} and ${JSON.stringify(other)}`, () =>
      assert.equal(similarityOf(one, other), is));
  }
});
