import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { FileTable } from '../../../sidecar/workspaceIndex/fileTable.ts';
import { importedPaths, pathsWithoutGrammar } from '../../../sidecar/workspaceIndex/imports.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';

function tableOf(paths: readonly string[]): FileTable {
  const table = new FileTable();
  for (const [document, path] of paths.entries())
    table.add({ uri: `file:///${path}`, path, languageId: languageIdOf(path), revision: 0, document });
  return table;
}

const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

/** The files of a table that `text` in the file `from` imports. */
async function filesFor(text: string, from: string, table: FileTable): Promise<string[]> {
  const imported = (await importedPaths({ text, path: from }, grammars)) ?? [];
  const files = imported.flatMap((each) => table.resolve(each, { path: from, languageId: languageIdOf(from) }));
  return [...new Set(files.map((file) => file.path))];
}

const cases: readonly {
  readonly text: string;
  readonly from: string;
  readonly paths: readonly string[];
  readonly finds: readonly string[];
}[] = [
  {
    text: "import { total } from './cart';",
    from: 'src/main.ts',
    paths: ['src/cart.ts', 'lib/cart.ts'],
    finds: ['src/cart.ts'],
  },
  {
    text: "import { total } from '../cart.ts';",
    from: 'src/a/main.ts',
    paths: ['src/cart.ts', 'src/a/cart.ts'],
    finds: ['src/cart.ts'],
  },
  {
    text: "const { total } = require('./cart');",
    from: 'src/main.js',
    paths: ['src/cart/index.js'],
    finds: ['src/cart/index.js'],
  },
  {
    text: "import { total } from '@/shop/cart';",
    from: 'src/main.ts',
    paths: ['src/shop/cart.tsx'],
    finds: ['src/shop/cart.tsx'],
  },
  { text: "import fs from 'node:fs';", from: 'src/main.ts', paths: ['src/cart.ts'], finds: [] },
  {
    text: 'from shop.cart import total',
    from: 'main.py',
    paths: ['shop/cart.py', 'shop/__init__.py'],
    finds: ['shop/cart.py'],
  },
  {
    text: 'from shop import cart, stock',
    from: 'main.py',
    paths: ['shop/cart.py', 'shop/stock.py', 'shop/__init__.py'],
    finds: ['shop/__init__.py', 'shop/cart.py', 'shop/stock.py'],
  },
  {
    text: 'from .cart import total',
    from: 'src/shop/main.py',
    paths: ['src/shop/cart.py', 'cart.py'],
    finds: ['src/shop/cart.py'],
  },
  { text: 'from ..cart import total', from: 'src/shop/main.py', paths: ['src/cart.py'], finds: ['src/cart.py'] },
  { text: 'import shop.cart as c', from: 'main.py', paths: ['src/shop/cart.py'], finds: ['src/shop/cart.py'] },
  {
    text: 'import (\n\t"example.com/shop/cart"\n)',
    from: 'main.go',
    paths: ['shop/cart/cart.go', 'shop/cart/total.go', 'shop/cart/cart_test.go'],
    finds: ['shop/cart/cart.go', 'shop/cart/total.go'],
  },
  {
    text: 'use crate::shop::cart::Cart;',
    from: 'src/main.rs',
    paths: ['src/shop/cart.rs'],
    finds: ['src/shop/cart.rs'],
  },
  {
    text: 'use super::point::Point;',
    from: 'src/geometry/circle.rs',
    paths: ['src/geometry/point.rs', 'src/point.rs', 'src/geometry/mod.rs'],
    finds: ['src/geometry/point.rs'],
  },
  {
    text: 'use super::Shape;',
    from: 'src/geometry/circle.rs',
    paths: ['src/geometry/mod.rs', 'src/lib.rs', 'src/shape/shape.rs'],
    finds: ['src/geometry/mod.rs'],
  },
  {
    text: 'use super::{Shape, Size};',
    from: 'src/geometry/circle.rs',
    paths: ['src/geometry.rs', 'src/lib.rs'],
    finds: ['src/geometry.rs'],
  },
  {
    text: 'pub(crate) use super::units::Metre;',
    from: 'src/geometry/mod.rs',
    paths: ['src/units.rs', 'src/geometry/units.rs'],
    finds: ['src/units.rs'],
  },
  {
    text: 'use super::super::units::Metre;',
    from: 'src/geometry/circle.rs',
    paths: ['src/units.rs', 'src/geometry/units.rs'],
    finds: ['src/units.rs'],
  },
  {
    text: 'mod tests {\n    use super::*;\n}',
    from: 'src/geometry/circle.rs',
    paths: ['src/geometry/mod.rs', 'src/lib.rs', 'src/circle.rs'],
    finds: [],
  },
  {
    text: 'mod tests {\n    use super::super::Shape;\n}',
    from: 'src/geometry/circle.rs',
    paths: ['src/geometry/mod.rs', 'src/lib.rs'],
    finds: ['src/geometry/mod.rs'],
  },
  {
    text: 'import com.shop.Cart;',
    from: 'src/com/app/Main.java',
    paths: ['src/com/shop/Cart.java'],
    finds: ['src/com/shop/Cart.java'],
  },
  { text: '#include "shop/cart.h"', from: 'src/main.cpp', paths: ['src/shop/cart.h'], finds: ['src/shop/cart.h'] },
  { text: "require_relative 'shop/cart'", from: 'main.rb', paths: ['shop/cart.rb'], finds: ['shop/cart.rb'] },
  // The most exact name wins, whatever the order of the listing.
  {
    text: "import { total } from './cart';",
    from: 'src/main.ts',
    paths: ['src/cart.test.ts', 'src/cart.ts'],
    finds: ['src/cart.ts'],
  },
  {
    text: "import { Button } from './Button';",
    from: 'src/main.tsx',
    paths: ['src/Button.stories.tsx', 'src/Button.tsx'],
    finds: ['src/Button.tsx'],
  },
  {
    text: "import type { Cart } from './types';",
    from: 'src/main.ts',
    paths: ['src/types.d.ts', 'src/types.ts'],
    finds: ['src/types.ts'],
  },
  {
    text: "import { Users } from './users';",
    from: 'src/main.ts',
    paths: ['src/users.controller.ts', 'src/users.ts'],
    finds: ['src/users.ts'],
  },
  {
    text: "import { Users } from './users';",
    from: 'src/main.ts',
    paths: ['src/users.service.ts', 'src/users/index.ts'],
    finds: ['src/users/index.ts'],
  },
  {
    text: "import { Users } from './users';",
    from: 'src/main.ts',
    paths: ['src/users/index.test.ts', 'src/users/index.ts'],
    finds: ['src/users/index.ts'],
  },
  {
    text: "import { Users } from './users';",
    from: 'src/main.ts',
    paths: ['src/users.css', 'src/users/index.ts'],
    finds: ['src/users/index.ts'],
  },
  {
    text: "import { total } from '@/cart';",
    from: 'src/a/main.ts',
    paths: ['src/a/cart.test.ts', 'src/cart.ts'],
    finds: ['src/cart.ts'],
  },
  {
    text: "import Cart from './cart.vue';",
    from: 'src/main.ts',
    paths: ['src/cart.ts', 'src/cart.vue'],
    finds: ['src/cart.vue'],
  },
  {
    text: "import { total } from './cart.js';",
    from: 'src/main.ts',
    paths: ['src/cart.test.ts', 'src/cart.ts'],
    finds: ['src/cart.ts'],
  },
  { text: '#include "foo.h"', from: 'src/main.c', paths: ['src/foo.c', 'src/foo.h'], finds: ['src/foo.h'] },
  { text: '#include "foo.h"', from: 'src/main.c', paths: ['src/foo.c', 'include/foo.h'], finds: ['include/foo.h'] },
  {
    text: '#include "foo.hpp"',
    from: 'src/main.cpp',
    paths: ['src/foo.cpp', 'src/foo.h', 'src/foo.hpp'],
    finds: ['src/foo.hpp'],
  },
  {
    text: "import { total } from './cart.js';",
    from: 'src/main.ts',
    paths: ['example/src/cart.js', 'src/cart.ts'],
    finds: ['src/cart.ts'],
  },
  // Names with more dots count if there is no other file.
  {
    text: "import type { Cart } from './types';",
    from: 'src/main.ts',
    paths: ['src/types.d.ts'],
    finds: ['src/types.d.ts'],
  },
  {
    text: "import { Button } from './Button';",
    from: 'src/main.tsx',
    paths: ['src/Button.native.tsx'],
    finds: ['src/Button.native.tsx'],
  },
  {
    text: "import { Users } from './users';",
    from: 'src/main.ts',
    paths: ['src/users/index.d.ts'],
    finds: ['src/users/index.d.ts'],
  },
  // Dots within names.
  {
    text: "import { U } from './users.service';",
    from: 'src/main.ts',
    paths: ['src/users.service.spec.ts', 'src/users.controller.ts', 'src/users.service.ts', 'src/users.ts'],
    finds: ['src/users.service.ts'],
  },
  {
    text: "import { U } from './users.service';",
    from: 'src/main.ts',
    paths: ['src/users.controller.ts', 'src/users.ts'],
    finds: [],
  },
  {
    text: "import { U } from './users.service.js';",
    from: 'src/main.ts',
    paths: ['src/users.ts', 'src/users.service.ts'],
    finds: ['src/users.service.ts'],
  },
  {
    text: '#include "cart.pb.h"',
    from: 'src/main.cc',
    paths: ['src/cart.h', 'src/cart.pb.cc', 'src/cart.pb.h'],
    finds: ['src/cart.pb.h'],
  },
  {
    text: '<?php\nuse App\\Shop\\Cart;',
    from: 'src/Main.php',
    paths: ['src/Shop/Cart.php'],
    finds: ['src/Shop/Cart.php'],
  },
  {
    text: '<?php\nuse App\\Shop\\{Cart, Stock as Store};',
    from: 'src/Main.php',
    paths: ['src/Shop/Cart.php', 'src/Shop/Stock.php', 'src/Other/Cart.php'],
    finds: ['src/Shop/Cart.php', 'src/Shop/Stock.php'],
  },
  {
    text: "<?php\nrequire_once(__DIR__ . '/cart.php');",
    from: 'src/Main.php',
    paths: ['src/cart.php'],
    finds: ['src/cart.php'],
  },
  { text: 'import cart = require("./cart");', from: 'main.ts', paths: ['cart.ts'], finds: ['cart.ts'] },
  { text: "export * from './cart';", from: 'main.ts', paths: ['cart.ts'], finds: ['cart.ts'] },
  { text: "const { total } = await import('./cart');", from: 'main.js', paths: ['cart.js'], finds: ['cart.js'] },
  {
    text: 'from .shop import (\n    cart as c,  # the cart\n    stock,\n)',
    from: 'main.py',
    paths: ['shop/cart.py', 'shop/stock.py', 'c.py'],
    finds: ['shop/cart.py', 'shop/stock.py'],
  },
  { text: 'using Basket = Shop.Cart;', from: 'Main.cs', paths: ['Shop/Cart.cs', 'Basket.cs'], finds: ['Shop/Cart.cs'] },
  { text: 'global using Shop.Cart;', from: 'Main.cs', paths: ['Shop/Cart.cs'], finds: ['Shop/Cart.cs'] },
  {
    text: 'mod shapes {\n    use super::point::Point;\n}',
    from: 'src/circle.rs',
    paths: ['src/circle/point.rs', 'src/point.rs'],
    finds: ['src/circle/point.rs'],
  },
  { text: "<script>\nimport { total } from './cart';", from: 'Main.vue', paths: ['cart.ts'], finds: ['cart.ts'] },
  { text: '#include "cart.h"\n@interface Cart\n@end', from: 'main.m', paths: ['cart.h'], finds: ['cart.h'] },
  { text: 'import shop.Cart', from: 'Main.kt', paths: ['shop/Cart.kt'], finds: ['shop/Cart.kt'] },
];

/** Text that only looks like an import, beside a real import. */
const lookalikes: readonly { readonly text: string; readonly from: string; readonly path: string }[] = [
  { text: "// import { total } from './old';\nimport './cart';", from: 'main.ts', path: 'old.ts' },
  { text: "/*\n * require('./old')\n */\nimport './cart';", from: 'main.js', path: 'old.js' },
  { text: "const hint = \"write: import x from './old'\";\nimport './cart';", from: 'main.ts', path: 'old.ts' },
  { text: "const page = `\nimport './old';\n`;\nimport './cart';", from: 'main.tsx', path: 'old.tsx' },
  { text: '"""\nimport old\n"""\nimport cart', from: 'main.py', path: 'old.py' },
  { text: '/*\n#include "old.h"\n*/\n#include "cart.h"', from: 'main.c', path: 'old.h' },
  { text: 'package main\n\nimport "shop/cart"\n\nvar hint = "shop/old"', from: 'main.go', path: 'shop/old/old.go' },
  { text: '/*\nuse crate::old::Old;\n*/\nuse crate::cart::Cart;', from: 'src/main.rs', path: 'src/old.rs' },
  { text: 'let hint = "\nmod old;\n";\nmod cart;', from: 'src/main.rs', path: 'src/old.rs' },
  { text: '/*\nimport shop.Old;\n*/\nimport shop.Cart;', from: 'Main.java', path: 'shop/Old.java' },
  { text: '/*\nusing Shop.Old;\n*/\nusing Shop.Cart;', from: 'Main.cs', path: 'Shop/Old.cs' },
  { text: "# require_relative 'old'\nrequire_relative 'cart'", from: 'main.rb', path: 'old.rb' },
  { text: '<?php\n/*\nuse Shop\\Old;\n*/\nuse Shop\\Cart;', from: 'Main.php', path: 'Shop/Old.php' },
];

describe('imports', () => {
  for (const { text, from, paths, finds } of cases) {
    it(`${JSON.stringify(text)} in ${from} finds ${finds.join(', ') || 'no file'}`, async () =>
      assert.deepEqual((await filesFor(text, from, tableOf([...paths, from]))).sort(), [...finds].sort()));
  }

  for (const { text, from, path: old } of lookalikes) {
    const cart = old.replaceAll('old', 'cart').replace('Old', 'Cart');
    it(`${JSON.stringify(text)} in ${from} finds ${cart}, not ${old}`, async () =>
      assert.deepEqual(await filesFor(text, from, tableOf([old, cart, from])), [cart]));
  }

  it('find the nearest file if several fit', async () => {
    const table = tableOf(['packages/b/shop/cart.py', 'packages/a/shop/cart.py']);
    assert.deepEqual(await filesFor('from shop.cart import total', 'packages/a/main.py', table), [
      'packages/a/shop/cart.py',
    ]);
  });

  it('find no file that was removed', async () => {
    for (const [text, from, file] of [
      ['import "example.com/shop/cart"', 'main.go', 'shop/cart/cart.go'],
      ["import './cart';", 'main.ts', 'cart.ts'],
    ] as const) {
      const table = tableOf([file]);
      assert.equal((await filesFor(text, from, table)).length, 1);
      table.remove(`file:///${file}`);
      assert.equal((await filesFor(text, from, table)).length, 0);
    }
  });

  it('are found in code that does not parse', async () => {
    const text = "import { total } from './cart';\n\nfunction pay( {\n  const sum = total(\n  if (\n";
    assert.deepEqual(await filesFor(text, 'main.ts', tableOf(['cart.ts'])), ['cart.ts']);
  });

  for (const from of ['main.vue', 'main.m', 'main.kt'])
    it(`are found in one pass in a line of a million blanks of ${from}, which has no grammar`, () =>
      assertGrowsLinearly(1e6, (blanks) => pathsWithoutGrammar(`${' '.repeat(blanks)}x`, from)));
});
