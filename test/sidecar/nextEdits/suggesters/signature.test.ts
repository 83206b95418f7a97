import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const followed = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'signature' })).after;

describe('a changed list of parameters suggests its calls', () => {
  const cases: readonly (readonly [title: string, file: string, marked: string, after: string])[] = [
    [
      'a removed parameter',
      'a.ts',
      'function f(a: number«, b: string|») {}\nf(1, "x");\nf(g(1, 2), { a, b });',
      'function f(a: number) {}\nf(1);\nf(g(1, 2));',
    ],
    [
      'a removed first parameter',
      'a.ts',
      'function f(«a: number, |»b: string) {}\nf(1, "x");',
      'function f(b: string) {}\nf("x");',
    ],
    [
      'a removed parameter of Python',
      'a.py',
      'def f(a«, b|»):\n    pass\nf(1, 2)\nf(1, b=2)\n',
      'def f(a):\n    pass\nf(1)\nf(1)\n',
    ],
    [
      'a removed parameter of a method',
      'a.py',
      'class A:\n    def f(self, a«, b|»):\n        pass\n    def g(self):\n        self.f(1, 2)\n',
      'class A:\n    def f(self, a):\n        pass\n    def g(self):\n        self.f(1)\n',
    ],
    [
      'a removed parameter of a constructor',
      'a.ts',
      'class A { constructor(a: number«, b: number|») {} }\nnew A(1, 2);',
      'class A { constructor(a: number) {} }\nnew A(1);',
    ],
    [
      'an added parameter of PHP',
      'a.php',
      '<?php\nfunction f($a«|, $depth») {}\nfunction g($depth) {\n  f(1);\n}\n',
      '<?php\nfunction f($a, $depth) {}\nfunction g($depth) {\n  f(1, $depth);\n}\n',
    ],
    [
      'an added parameter whose name is in sight',
      'a.ts',
      'function f(a: number«, scale: number|») {}\nfunction g(scale: number) { f(1); }'.replace(
        '«, scale: number|»',
        '«|, scale: number»',
      ),
      'function f(a: number, scale: number) {}\nfunction g(scale: number) { f(1, scale); }',
    ],
    [
      'an added first parameter',
      'a.go',
      'package a\nfunc f(«|ctx Context, »a int) {}\nfunc g(ctx Context) { f(1) }\n',
      'package a\nfunc f(ctx Context, a int) {}\nfunc g(ctx Context) { f(ctx, 1) }\n',
    ],
    [
      'a removed parameter of C++',
      'a.cpp',
      'int f(int a«, int b|») { return a; }\nint x = f(1, 2);\n',
      'int f(int a) { return a; }\nint x = f(1);\n',
    ],
    [
      'a removed parameter of Java',
      'A.java',
      'class A { void f(int a«, int b|») {} void g() { f(1, 2); this.f(3, 4); } }',
      'class A { void f(int a) {} void g() { f(1); this.f(3); } }',
    ],
  ];
  for (const [title, file, marked, after] of cases)
    it(title, async () => {
      assert.deepEqual(await followed({ [file]: marked }), { [file]: after });
    });

  it('changes the calls in a file that imports the function', async () => {
    assert.deepEqual(
      await followed({
        'src/a.ts': 'export function f(a: number«, b: string|») {}\n',
        'src/b.ts': "import { f } from './a';\nf(1, 'x');\n",
      }),
      { 'src/b.ts': "import { f } from './a';\nf(1);\n" },
    );
  });

  it('but not where an overload, or names in another order, decide about the arguments', async () => {
    const silent: readonly MarkedFiles[] = [
      {
        'a.ts':
          'function f(a: number): void;\nfunction f(a: unknown«|, id: string»): void {}\nfunction g(id: string) { f(1); }\n',
      },
      {
        'a.ts':
          'export function f(a: number«|, id: string»): void;\nexport function f(a: unknown): void {}\nfunction g(id: string) { f(1); }\n',
      },
      { 'A.cs': 'class A {\n  void F(«int a, |»int b) {}\n  void G() { F(b: 2, a: 1); }\n}\n' },
      { 'a.php': '<?php\nfunction f(«$a, |»$b) {}\nf(b: 2, a: 1);\n' },
    ];
    for (const files of silent) assert.deepEqual(await followed(files), {}, JSON.stringify(files));
  });

  it('is less certain of an argument that no name in sight gives', async () => {
    const { suggestions } = await edited({ 'a.ts': 'function f(a: number«|, scale: number») {}\nf(1);' });
    assert.deepEqual(
      suggestions.map(({ kind, confidence }) => ({ kind, confidence })),
      [{ kind: 'signature', confidence: 0.6 }],
    );
  });
});

describe('a list of parameters that changed with the text around it suggests its calls', () => {
  it('where the edit replaces the comment and lines of the body too', async () => {
    const after = await followed({
      'a.ts':
        'f(1, 2);\n«/** Adds. */\nfunction f(a: number, b: number) {\n  return a + b;|/** Doubles. */\nfunction f(a: number) {\n  return a + a;»\n}\n',
    });
    assert.match(after['a.ts'] ?? '', /^f\(1\);\n/);
  });

  it('where several parameters were added, removed and moved', async () => {
    const cases: readonly (readonly [before: string, after: string, call: string, changed: string])[] = [
      ['a: A, b: B, c: C', 'b: B', 'f(1, 2, 3)', 'f(2)'],
      ['a: A, b: B', 'b: B, a: A', 'f(1, 2)', 'f(2, 1)'],
      ['a: A', 'x: X, a: A, y: Y', 'f(1)', 'f(x, 1, y)'],
      ['', 'x: X', 'f()', 'f(x)'],
    ];
    for (const [before, now, call, changed] of cases) {
      const file = `function f(«${before}|${now}») {}\nfunction g(x: X, y: Y) {\n  ${call};\n}\n`;
      const after = await followed({ 'a.ts': file });
      assert.equal(after['a.ts'], `function f(${now}) {}\nfunction g(x: X, y: Y) {\n  ${changed};\n}\n`);
    }
  });

  it('on lines of their own where the other arguments have them', async () => {
    const after = await followed({
      'a.ts': 'function f(a: A, b: B«|, x: X») {}\nfunction g(x: X) {\n  f(\n    1,\n    2,\n  );\n}\n',
    });
    assert.match(after['a.ts'] ?? '', /f\(\n {4}1,\n {4}2,\n {4}x,\n {2}\);/);
  });

  it('in the order of the call where Python passes names', async () => {
    const after = await followed({
      'a.py': 'def f(a, b«|, mode», c):\n    pass\ndef g(mode):\n    f(c=3, a=1, b=2)\n    f(1, 2, 3)\n',
    });
    assert.match(after['a.py'] ?? '', /f\(c=3, a=1, b=2, mode=mode\)\n {4}f\(1, 2, mode, 3\)\n$/);
  });
});

describe('the argument for a new parameter is', () => {
  const cases: readonly (readonly [title: string, file: string, marked: string, call: RegExp])[] = [
    [
      'the field of its name of the object around',
      'a.ts',
      'function f(a: A«|, scale: S») {}\nclass B { scale = 1; go() { f(this.scale); f(1); } }',
      /f\(1, this\.scale\);/,
    ],
    [
      'the field of its name of a receiver of Go',
      'a.go',
      'package a\nfunc f(a int«|, strict bool») {}\nfunc (r *R) run() { r.strict = true; f(1) }\n',
      /f\(1, r\.strict\)/,
    ],
    [
      'the only parameter around the call that has its type',
      'a.ts',
      'function f(a: number«|, by: Source») {}\nfunction g(document: Source, b: number) { f(1); }',
      /f\(1, document\);/,
    ],
    [
      'an object of its properties',
      'a.ts',
      'function f(a: number«|, { x, y }: P») {}\nfunction g(x: X, y: Y) { f(1); }',
      /f\(1, \{ x, y \}\);/,
    ],
    [
      'a parameter of the function around, if it is optional',
      'a.ts',
      'function f(a: number«|, signal?: Signal») {}\nfunction g(signal?: Signal) { f(1); }',
      /f\(1, signal\);/,
    ],
  ];
  for (const [title, file, marked, call] of cases)
    it(title, async () => {
      assert.match((await followed({ [file]: marked }))[file] ?? '', call);
    });

  it('uncertain if the name means an import, a variable of another type, or the result of the call', async () => {
    for (const rest of [
      "import scale from './b';\nf(1);",
      'function g(scale: string) { f(1); }',
      'const scale = f(1);',
    ])
      assert.deepEqual(
        (await edited({ 'a.ts': `${rest}\nfunction f(a: number«|, scale: S») {}\n` })).suggestions.filter(
          ({ confidence }) => confidence > 0.6,
        ),
        [],
        rest,
      );
  });
});

describe('a method that nothing else in the workspace has', () => {
  const STORE = 'export class Store {\n  saveAll(a: number«, b: number|») {}\n}\n';

  it('is followed behind any object of a file that knows the class', async () => {
    const after = await followed({
      'a.ts': STORE,
      'b.ts': "import type { Store } from './a';\nfunction f(x: { store: Store }) {\n  x.store.saveAll(1, 2);\n}\n",
    });
    assert.match(after['b.ts'] ?? '', /x\.store\.saveAll\(1\);/);
  });

  it('is not followed with other arguments, behind a module, or in a file without the class', async () => {
    for (const b of [
      "import type { Store } from './a';\nx.store.saveAll(1, 2, 3);\n",
      "import type { Store } from './a';\nimport * as fs from 'fs';\nfs.saveAll(1, 2);\n",
      'x.store.saveAll(1, 2);\n',
    ])
      assert.deepEqual(await followed({ 'a.ts': STORE, 'b.ts': b }), {}, b);
  });

  it('is not followed if another class or object has it', async () => {
    for (const other of ['class Other { saveAll(a, b) {} }', 'const other = { saveAll: 1 };'])
      assert.deepEqual(
        await followed({ 'a.ts': STORE, 'b.ts': `import './a';\nx.store.saveAll(1, 2);\n`, 'c.ts': other }),
        {},
      );
  });

  it('needs an object named like the class if its name is one word', async () => {
    const after = await followed({
      'a.ts': 'export class FileStore {\n  save(a: number«, b: number|») {}\n}\n',
      'b.ts': "import './a';\nx.store.save(1, 2);\nx.list.save(1, 2);\n",
    });
    assert.deepEqual(after, { 'b.ts': "import './a';\nx.store.save(1);\nx.list.save(1, 2);\n" });
  });
});

describe('no call is changed', () => {
  const cases: readonly (readonly [title: string, file: string, marked: string])[] = [
    ['for a parameter with a default value', 'a.ts', 'function f(a: number«|, b = 1») {}\nf(1);'],
    ['for an optional parameter', 'a.ts', 'function f(a: number«|, b?: string») {}\nf(1);'],
    ['for a rest parameter', 'a.ts', 'function f(a: number«|, ...b: string[]») {}\nf(1);'],
    ['for a renamed parameter', 'a.ts', 'function f(«a|first»: number) {}\nf(1);'],
    [
      'for a function of the same name in another scope',
      'a.ts',
      'function g() { function f(a: number«, b: number|») {} }\nf(1, 2);',
    ],
    [
      'for lines taken out of a list whose function still uses the parameter',
      'a.py',
      'def f(\n    a,\n«    b,\n|»):\n    return b\nf(1, 2)\n',
    ],
    [
      'for a constructor of several',
      'A.java',
      'class A { A(int a«, int b|») {} A(String a, String b) {} void g() { new A("a", "b"); } }',
    ],
    ['with spread arguments', 'a.ts', 'function f(a: number«, b: number|») {}\nf(...list);'],
  ];
  for (const [title, file, marked] of cases)
    it(title, async () => {
      assert.deepEqual(await followed({ [file]: marked }), {});
    });
});

describe('a method of C++ suggests its other half', () => {
  const HEADER = 'class Box {\npublic:\n    int width() const;\n    void open(int speed);\n};\n';
  const SOURCE =
    '#include "box.h"\n\nint Box::width() const\n{\n    return 1;\n}\n\nvoid Box::open(int speed)\n{\n    go(speed);\n}\n';

  it('the definition of a new declaration, behind its neighbour', async () => {
    const header = HEADER.replace('const;\n', 'const;«|\n    virtual bool isEmpty(int depth = 1) const;»\n');
    assert.deepEqual(await followed({ 'box.h': header, 'box.cpp': SOURCE }), {
      'box.cpp': SOURCE.replace('1;\n}\n', '1;\n}\n\nbool Box::isEmpty(int depth) const\n{\n}\n'),
    });
  });

  it('the declaration of a new definition, behind its neighbour', async () => {
    const source = SOURCE.replace('1;\n}\n', '1;\n}\n«|\nint Box::height() const { return 2; }\n»');
    assert.deepEqual(await followed({ 'box.h': HEADER, 'box.cpp': source }), {
      'box.h': HEADER.replace('const;\n', 'const;\n    int height() const;\n'),
    });
  });

  it('a definition like that of a method whose name differs in one word', async () => {
    const header = 'class S {\n    double getMin() const;\n«|    double getMax() const;\n»};\n';
    const source =
      'double S::getMin() const\n{\n    double min = a[0];\n    for (double v : a) if (v < min) min = v;\n    return min;\n}\n';
    assert.deepEqual(await followed({ 's.h': header, 's.cpp': source }), {
      's.cpp': `${source}\ndouble S::getMax() const\n{\n    double max = a[0];\n    for (double v : a) if (v > max) max = v;\n    return max;\n}\n`,
    });
  });

  it('nothing for a method with an endless head', async () => {
    const header = HEADER.replace('const;\n', `const;«|\n    bool isEmpty(int depth)${' '.repeat(5_000)}const;»\n`);
    assert.deepEqual(await followed({ 'box.h': header, 'box.cpp': SOURCE }), {});
  });

  it('nothing for a pure virtual method, or where the other half exists', async () => {
    const pure = HEADER.replace('const;\n', 'const;«|\n    virtual bool isEmpty() = 0;»\n');
    assert.deepEqual(await followed({ 'box.h': pure, 'box.cpp': SOURCE }), {});
    const known = HEADER.replace('    void open(int speed);\n', '«|    void open(int speed);\n»');
    assert.deepEqual(await followed({ 'box.h': known, 'box.cpp': SOURCE }), {});
  });
});
