import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const imported = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'import' })).after;

describe('a typed name suggests its import', () => {
  it('into the import of the same file', async () => {
    assert.deepEqual(
      await imported({
        'src/text.ts': 'export const trim = 1;\nexport function split() {}\n',
        'src/main.ts': "import { trim } from './text.ts';\n\nuse(trim, «|split»);\n",
      }),
      { 'src/main.ts': "import { trim, split } from './text.ts';\n\nuse(trim, split);\n" },
    );
  });

  it('behind the last import, in its style', async () => {
    assert.deepEqual(
      await imported({
        'src/util/text.ts': 'export class Reader {}\n',
        'src/app/main.ts': 'import fs from "fs"\n\nnew «|Reader»()\n',
      }),
      { 'src/app/main.ts': 'import fs from "fs"\nimport { Reader } from "../util/text"\n\nnew Reader()\n' },
    );
  });

  it('into an import, and not into braces of other statements', async () => {
    const text = "import './polyfill'\nconst config = { a: 1 }\nexport { foo } from './foo'\n";
    assert.deepEqual(
      await imported({ 'foo.ts': 'export const bar = 1\n', 'main.ts': `${text}use(config, «|bar»)\n` }),
      { 'main.ts': `${text.replace('\n', "\nimport { bar } from './foo'\n")}use(config, bar)\n` },
    );
  });

  it('marked as a type in braces where others are marked', async () => {
    assert.deepEqual(
      await imported({
        'a.ts': 'export interface Reader {}\nexport type Box = 1;\nexport const open = 1;\n',
        'main.ts': "import { type Box, open } from './a';\nlet one: Box = open;\nlet two: «|Reader»;\n",
      }),
      { 'main.ts': "import { type Box, open, type Reader } from './a';\nlet one: Box = open;\nlet two: Reader;\n" },
    );
  });

  it('of Python', async () => {
    assert.deepEqual(
      await imported({
        'shop/cart.py': 'class Cart:\n    pass\n',
        'app/main.py': 'import os\n\n«|cart = Cart()»\n',
      }),
      { 'app/main.py': 'import os\nfrom shop.cart import Cart\n\ncart = Cart()\n' },
    );
  });

  it('of Java', async () => {
    assert.deepEqual(
      await imported({
        'a/Cart.java': 'package shop.a;\n\npublic class Cart {}\n',
        'b/Main.java': 'package shop.b;\n\nimport java.util.List;\n\nclass Main { «|Cart» cart; }\n',
      }),
      {
        'b/Main.java': 'package shop.b;\n\nimport java.util.List;\nimport shop.a.Cart;\n\nclass Main { Cart cart; }\n',
      },
    );
  });

  it('but not if two files export it, if it is known, or behind a dot', async () => {
    const exporting = { 'a.ts': 'export const split = 1;\n' };
    assert.deepEqual(
      await imported({ ...exporting, 'b.ts': 'export const split = 2;\n', 'c.ts': 'use(«|split»);\n' }),
      {},
    );
    assert.deepEqual(await imported({ ...exporting, 'c.ts': 'const split = 1;\nuse(«|split»);\n' }), {});
    assert.deepEqual(await imported({ ...exporting, 'c.ts': 'text.«|split»();\n' }), {});
  });
});
