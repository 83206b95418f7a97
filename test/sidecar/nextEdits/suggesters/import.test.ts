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

  it('with the other names of a pasted block, in the order of the braces', async () => {
    assert.deepEqual(
      await imported({
        'text.ts': 'export const trim = 1;\nexport const join = 1;\nexport const split = 1;\n',
        'main.ts': "import {\n  join,\n  trim,\n} from './text';\n«|use(split, trim);\nuse(join, Box);\n»",
        'box.ts': 'export class Box {}\n',
      }),
      {
        'main.ts':
          "import {\n  join,\n  split,\n  trim,\n} from './text';\nimport { Box } from './box';\nuse(split, trim);\nuse(join, Box);\n",
      },
    );
  });

  it('from the package or the alias from which other files import it', async () => {
    assert.deepEqual(
      await imported({
        'lib/one.ts': "import path from 'node:path';\nimport { Box } from '@/lib/box';\nuse(path, Box);\n",
        'lib/box.ts': 'export class Box {}\n',
        'main.ts': "import { a } from './a';\nuse(a, «|path.join(Box.name)»);\n",
        'lib/two.ts': "import path from 'node:path';\nuse(path);\n",
      }),
      {
        'main.ts':
          "import path from 'node:path';\nimport { Box } from '@/lib/box';\nimport { a } from './a';\nuse(a, path.join(Box.name));\n",
      },
    );
  });

  it('from the file that passes it on', async () => {
    assert.deepEqual(
      await imported({
        'core/box.ts': 'export class Box {}\n',
        'core/index.ts': "export * from './box.js';\nexport { Box } from './box.js';\n",
        'test/one.ts': "import { Box } from '../core/index.js';\nnew Box();\n",
        'test/two.ts': 'new «|Box»();\n',
      }),
      { 'test/two.ts': "import { Box } from '../core/index.js';\nnew Box();\n" },
    );
  });

  it('in the style of the other file, if the file has no imports', async () => {
    assert.deepEqual(
      await imported({
        'one.ts': 'import * as fs from "node:fs";\nfs.rm("a");\n',
        'main.ts': '«|fs.close(1)»\n',
      }),
      { 'main.ts': 'import * as fs from "node:fs";\nfs.close(1)\n' },
    );
  });

  it('as the default of its file', async () => {
    assert.deepEqual(
      await imported({
        'box.ts': 'export default class Box {}\nexport const size = 1;\n',
        'main.ts': "import { size } from './box';\nnew «|Box»(size);\n",
      }),
      { 'main.ts': "import Box, { size } from './box';\nnew Box(size);\n" },
    );
  });

  it('of a class that only types name, as a type', async () => {
    assert.deepEqual(
      await imported({
        'box.ts': 'export class Box {}\n',
        'main.ts': "import type { A } from './a';\nlet a: A;\nlet box: «|Box»;\n",
      }),
      { 'main.ts': "import type { A } from './a';\nimport type { Box } from './box';\nlet a: A;\nlet box: Box;\n" },
    );
  });

  it('of Python into an import in brackets', async () => {
    assert.deepEqual(
      await imported({
        'shop/cart.py': 'class Cart:\n    pass\n',
        'shop/app.py': 'from .cart import (\n    Bag,\n    Total,\n)\n\n«|Cart()»\n',
      }),
      { 'shop/app.py': 'from .cart import (\n    Bag,\n    Cart,\n    Total,\n)\n\nCart()\n' },
    );
  });

  it('of a module of Python, and in lines of their own where others are', async () => {
    assert.deepEqual(
      await imported({
        'shop/cart.py': 'import typing as ty\n\nclass Cart:\n    size: ty.Any\n',
        'shop/app.py': 'from .cart import Bag\nfrom .cart import Total\n\n«|x: ty.Any = Cart()»\n',
      }),
      {
        'shop/app.py':
          'from .cart import Bag\nfrom .cart import Cart\nfrom .cart import Total\nimport typing as ty\n\nx: ty.Any = Cart()\n',
      },
    );
  });

  it('of a package of Go, in its group', async () => {
    assert.deepEqual(
      await imported({
        'a.go': 'package a\n\nimport (\n\t"fmt"\n\t"strings"\n\n\t"example.com/x/cart"\n)\n',
        'b.go':
          'package a\n\nimport (\n\t"fmt"\n\t"time"\n\n\t"example.com/x/bag"\n)\n\nfunc f() {\n\t«|fmt.Print(strings.ToUpper(cart.Name))»\n}\n',
      }),
      {
        'b.go':
          'package a\n\nimport (\n\t"fmt"\n\t"strings"\n\t"time"\n\n\t"example.com/x/bag"\n\t"example.com/x/cart"\n)\n\nfunc f() {\n\tfmt.Print(strings.ToUpper(cart.Name))\n}\n',
      },
    );
  });

  it('of packages of Go into brackets around a single import', async () => {
    const a = 'package a\n\nimport (\n\t"errors"\n\t"fmt"\n\t"strings"\n\n\t"example.com/x/cart"\n)\n';
    const body = 'func f() {\n\t«|fmt.Print(strings.ToUpper(cart.Name), errors.New)»\n}\n';
    const imports = 'import (\n\t"errors"\n\t"fmt"\n\t"strings"\n\n\t"example.com/x/cart"\n)\n';
    for (const single of ['"fmt"', '"example.com/x/cart"', '"strings"'])
      assert.deepEqual(
        await imported({ 'a.go': a, 'b.go': `package a\n\nimport ${single}\n\n${body}` }),
        { 'b.go': `package a\n\n${imports}\n${body.replace(/«\||»/g, '')}` },
        single,
      );
  });

  it('of a package of Go among lines of imports, and apart from C', async () => {
    const a = 'package a\n\nimport (\n\t"fmt"\n\t"strings"\n)\n';
    const body = 'func f() {\n\t«|strings.ToUpper(x)»\n}\n';
    for (const [before, after] of [
      ['import "fmt"\nimport "time"\n', 'import "fmt"\nimport "strings"\nimport "time"\n'],
      ['// int x;\nimport "C"\n', '// int x;\nimport "C"\n\nimport "strings"\n'],
      ['', '\nimport "strings"\n'],
    ])
      assert.deepEqual(
        await imported({ 'a.go': a, 'b.go': `package a\n${before}\n${body}` }),
        { 'b.go': `package a\n${after}\n${body.replace(/«\||»/g, '')}` },
        before,
      );
  });

  it('behind directives and a comment about the file', async () => {
    for (const head of ["'use client';\n", '// Licence: MIT\n\n', "#!/usr/bin/env node\n// About.\n'use strict';\n"])
      assert.deepEqual(
        await imported({ 'cart.ts': 'export class Cart {}\n', 'main.ts': `${head}\n/** Mine. */\nuse(«|Cart»);\n` }),
        {
          'main.ts': `${head.trimEnd()}\nimport { Cart } from './cart';\n${head.endsWith('\n\n') ? '\n' : ''}\n/** Mine. */\nuse(Cart);\n`,
        },
        head,
      );
    assert.deepEqual(
      await imported({ 'cart.ts': 'export class Cart {}\n', 'main.ts': '/** Mine. */\nuse(«|Cart»);\n' }),
      { 'main.ts': "import { Cart } from './cart';\n/** Mine. */\nuse(Cart);\n" },
    );
  });

  it('but not into CommonJS', async () => {
    assert.deepEqual(
      await imported({
        'cart.js': 'export class Cart {}\n',
        'main.js': "const fs = require('fs');\nuse(«|Cart»);\n",
        'other.cjs': '',
      }),
      {},
    );
  });

  it('of Python by a name that is a module, and relatively as the other file does', async () => {
    assert.deepEqual(
      await imported({ 'my-service/models.py': 'class User:\n    pass\n', 'app/a.py': 'import os\n\n«|User()»\n' }),
      {},
    );
    assert.deepEqual(
      await imported({
        'packages/foo/src/foo/models.py': 'class User:\n    pass\n',
        'app/a.py': 'import os\n\n«|User()»\n',
      }),
      { 'app/a.py': 'import os\nfrom foo.models import User\n\nUser()\n' },
    );
    assert.deepEqual(
      await imported({
        'app/models.py': 'class User:\n    pass\n',
        'app/views.py': 'from .models import User\n\nUser()\n',
        'app/a.py': 'import os\n\n«|User()»\n',
      }),
      { 'app/a.py': 'import os\nfrom .models import User\n\nUser()\n' },
    );
  });

  it('but not from two packages, from tests into code, or for a name that all files know', async () => {
    assert.deepEqual(
      await imported({
        'a.ts': "import { join } from 'one';\njoin();\n",
        'b.ts': "import { join } from 'two';\njoin();\n",
        'c.ts': '«|join()»;\n',
      }),
      {},
    );
    assert.deepEqual(
      await imported({ 'test/fake.ts': 'export class Store {}\n', 'src/a.ts': 'new «|Store»();\n' }),
      {},
    );
    assert.deepEqual(
      await imported({ 'a.ts': 'export class Parameters {}\n', 'b.ts': 'let a: «|Parameters»<F>;\n' }),
      {},
    );
  });

  it('but not if the file used the name before, or only an import has it', async () => {
    const exporting = { 'a.ts': 'export const split = 1;\n' };
    assert.deepEqual(await imported({ ...exporting, 'c.ts': 'split(1);\nuse(«|split»);\n' }), {});
    assert.deepEqual(await imported({ ...exporting, 'c.ts': '«use(split)|show(split)»;\n' }), {});
    assert.deepEqual(await imported({ ...exporting, 'c.ts': "export { a } from './«b|split»';\n" }), {});
  });

  it('with less confidence for a small name of a distant file that hardly any file imports', async () => {
    const files = {
      'shop/text.ts': 'export function unitsOf() {}\n',
      'mail/one.ts': '«|unitsOf()»;\n',
    };
    const confidence = async (more: MarkedFiles): Promise<number | undefined> =>
      (await edited({ ...files, ...more }, { kind: 'import' })).suggestions[0]?.confidence;
    assert.ok(((await confidence({})) ?? 1) < 0.8);
    const importing = { text: "import { unitsOf } from '../shop/text';\nunitsOf();\n" };
    assert.ok(((await confidence({ 'post/a.ts': importing.text, 'post/b.ts': importing.text })) ?? 0) >= 0.8);
  });

  it('with less confidence for a name that other files declare more often than they import it', async () => {
    const files = {
      'a.ts': 'export interface Context {}\n',
      'b.ts': "import type { Context } from './a';\nlet b: Context;\n",
      'c.ts': 'interface Context {}\n',
    };
    const typed = { 'main.ts': 'let one: «|Context»;\n' };
    const confidence = async (more: MarkedFiles): Promise<number | undefined> =>
      (await edited({ ...files, ...more, ...typed }, { kind: 'import' })).suggestions[0]?.confidence;
    assert.ok(((await confidence({})) ?? 0) >= 0.8);
    assert.ok(((await confidence({ 'd.ts': 'type Context = 1;\n' })) ?? 1) < 0.8);
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
