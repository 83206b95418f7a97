import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { ClientWorkspace } from '../../../sidecar/workspaceIndex/clientWorkspace.ts';
import { IndexThread } from '../../../sidecar/workspaceIndex/indexThread.ts';
import { FilesInMemory } from './filesInMemory.ts';

const others = Object.fromEntries(
  Array.from({ length: 40 }, (_, number) => [
    `views/view${number}.ts`,
    `export class View${number} {\n  render(): void {}\n}\n`,
  ]),
);
const source = new FilesInMemory({
  ...others,
  'store.go':
    'package shop\n\nfunc (s *Store[K, V]) Get(key K) V {\n\treturn s.items[key]\n}\n\nfunc (c *Cache) Get(key string) int {\n\treturn 0\n}\n',
  'cart.cpp':
    'int shop::Cart::total(const Rebate& rebate) const {\n  return 1;\n}\n\ntemplate <typename T>\nint Box<T>::total() {\n  return 2;\n}\n',
  'zz/widget.ts': 'export class Widget {\n  render(): string {\n    return "widget";\n  }\n}\n',
  'Basket.kt': 'class Basket {\n    fun weigh(scale: Scale): Double = scale.of(items)\n}\n',
});
const thread = new IndexThread();
after(() => thread.dispose());
const files = new ClientWorkspace({
  key: 'symbols',
  thread,
  source,
  openUris: () => [],
  openText: () => undefined,
  pathOf: (uri) => uri,
});
files.start();

describe('findSymbols', () => {
  const cases: readonly (readonly [
    what: string,
    name: string,
    places: readonly (readonly [path: string, startLine: number, endLine: number])[],
  ])[] = [
    ['a method in Go by its receiver', 'Store.Get', [['store.go', 2, 4]]],
    [
      'methods in Go of any receiver',
      'Get',
      [
        ['store.go', 2, 4],
        ['store.go', 6, 8],
      ],
    ],
    ['a method in C++ outside its class', 'Cart::total', [['cart.cpp', 0, 2]]],
    ['a method in C++ of a template', 'Box::total', [['cart.cpp', 4, 7]]],
    ['a method of one class among many methods of that name', 'Widget.render', [['zz/widget.ts', 1, 3]]],
    ['a function of a language without a grammar', 'Basket.weigh', [['Basket.kt', 0, 3]]],
    ['nothing for a container that does not exist', 'Nowhere.Get', []],
  ];
  for (const [what, name, places] of cases) {
    it(`finds ${what}`, async () => {
      await files.whenReady();
      assert.deepEqual(
        (await files.symbols(name, 3)).map(({ path, startLine, endLine }) => [path, startLine, endLine]),
        places,
      );
    });
  }
});
