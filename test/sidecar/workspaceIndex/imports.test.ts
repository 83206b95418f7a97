import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FileTable } from '../../../sidecar/workspaceIndex/fileTable.ts';
import { importedPaths } from '../../../sidecar/workspaceIndex/imports.ts';
import { languageIdOf } from '../../../sidecar/syntax/languageIds.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';

function tableOf(paths: readonly string[]): FileTable {
  const table = new FileTable();
  for (const [document, path] of paths.entries())
    table.add({ uri: `file:///${path}`, path, languageId: languageIdOf(path), revision: 0, document });
  return table;
}

/** What `text` in the file `from` imports of `paths`. */
function resolved(text: string, from: string, paths: readonly string[]): string[] {
  const table = tableOf([...paths, from]);
  return [
    ...new Set(
      importedPaths(text, from)
        .flatMap((path) => table.resolve(path, { path: from, languageId: languageIdOf(from) }))
        .map(({ path }) => path),
    ),
  ];
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
  // What is written most exactly goes first, whatever was listed first.
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
  // Names with more dots, where they are all there is.
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
  { text: 'use App\\Shop\\Cart;', from: 'src/Main.php', paths: ['src/Shop/Cart.php'], finds: ['src/Shop/Cart.php'] },
];

describe('imports', () => {
  for (const { text, from, paths, finds } of cases) {
    it(`${JSON.stringify(text)} in ${from} means ${finds.join(', ') || 'no file here'}`, () =>
      assert.deepEqual(resolved(text, from, paths).sort(), [...finds].sort()));
  }

  it('take the file that is nearest where several fit', () => {
    assert.deepEqual(
      resolved('from shop.cart import total', 'packages/a/main.py', [
        'packages/b/shop/cart.py',
        'packages/a/shop/cart.py',
      ]),
      ['packages/a/shop/cart.py'],
    );
  });

  it('mean nothing that is gone', () => {
    for (const [text, from, path] of [
      ['import "example.com/shop/cart"', 'main.go', 'shop/cart/cart.go'],
      ["import './cart';", 'main.ts', 'cart.ts'],
    ] as const) {
      const table = tableOf([path]);
      const found = (): number =>
        importedPaths(text, from).flatMap((each) => table.resolve(each, { path: from, languageId: languageIdOf(from) }))
          .length;
      assert.equal(found(), 1);
      table.remove(`file:///${path}`);
      assert.equal(found(), 0);
    }
  });

  for (const from of [
    'src/main.rs',
    'src/main.ts',
    'src/main.py',
    'src/main.c',
    'src/main.rb',
    'src/Main.php',
    'src/Main.java',
  ])
    it(`are found in one pass in a line of a million blanks of ${from}`, () =>
      assertGrowsLinearly(1e6, (blanks) => assert.deepEqual(importedPaths(`${' '.repeat(blanks)}x`, from), [])));
});
