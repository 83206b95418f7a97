import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

/** Makes edits, and returns the changed files after all suggested renames. */
const renamed = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'rename' })).after;

describe('renaming a declaration suggests its uses', () => {
  const cases: readonly (readonly [title: string, file: string, marked: string, after: string])[] = [
    [
      'a constant of TypeScript',
      'a.ts',
      'const «total|sum» = 1;\nshow(total, `${total}`);',
      'const sum = 1;\nshow(sum, `${sum}`);',
    ],
    [
      'a parameter, only in its function',
      'a.ts',
      'function f(«a|first») { return a; }\nfunction g(a) { return a; }',
      'function f(first) { return first; }\nfunction g(a) { return a; }',
    ],
    [
      'not a name of the same spelling in an inner scope',
      'a.ts',
      'const «item|entry» = 1;\nlist.map((item) => item);\nuse(item);',
      'const entry = 1;\nlist.map((item) => item);\nuse(entry);',
    ],
    [
      'not a property or a key',
      'a.ts',
      'const «size|length» = 1;\nuse(box.size, { size: size });',
      'const length = 1;\nuse(box.size, { size: length });',
    ],
    [
      'a short property keeps its name',
      'a.ts',
      'const «size|width» = 1;\nuse({ size });',
      'const width = 1;\nuse({ size: width });',
    ],
    [
      'a field, through this',
      'a.ts',
      'class A {\n  «count|total» = 0;\n  add() { this.count++; other.count++; }\n}',
      'class A {\n  total = 0;\n  add() { this.total++; other.count++; }\n}',
    ],
    [
      'a field, through a variable of the class',
      'a.ts',
      'class A { «count|total» = 0; }\nconst a = new A();\nfunction f(b: A, c: B) { return a.count + b.count + c.count; }',
      'class A { total = 0; }\nconst a = new A();\nfunction f(b: A, c: B) { return a.total + b.total + c.count; }',
    ],
    [
      'a parameter that is a field',
      'a.ts',
      'class A {\n  constructor(private readonly «x|left»: number) { use(x); }\n  get() { return this.x; }\n}',
      'class A {\n  constructor(private readonly left: number) { use(left); }\n  get() { return this.left; }\n}',
    ],
    [
      'a case of an enum',
      'a.ts',
      'enum Color { «Red|Crimson», Blue }\nconst c = Color.Red;',
      'enum Color { Crimson, Blue }\nconst c = Color.Crimson;',
    ],
    [
      'a type',
      'a.ts',
      'interface «Box|Crate» { size: number }\nconst b: Box = x as Box;',
      'interface Crate { size: number }\nconst b: Crate = x as Crate;',
    ],
    [
      'an imported name',
      'a.ts',
      "import { «read|readAll» } from './io';\nread(read);",
      "import { readAll } from './io';\nreadAll(readAll);",
    ],
    [
      'a variable of Python',
      'a.py',
      '«name|title» = "a"\nprint(name, f"{name}", name=1)\n',
      'title = "a"\nprint(title, f"{title}", name=1)\n',
    ],
    [
      'a variable of Python that is assigned again',
      'a.py',
      'def f():\n    «n|count» = 0\n    n = n + 1\n    return n\nn = 2\n',
      'def f():\n    count = 0\n    count = count + 1\n    return count\nn = 2\n',
    ],
    [
      'a method of Python',
      'a.py',
      'class A:\n    def «get|fetch»(self):\n        pass\n    def run(self):\n        self.get()\n        other.get()\n',
      'class A:\n    def fetch(self):\n        pass\n    def run(self):\n        self.fetch()\n        other.get()\n',
    ],
    [
      'a class of C++ with its constructor and its methods',
      'a.cpp',
      'class «Point|Dot» {\n  Point(int x);\n  int get();\n};\nPoint::Point(int x) {}\nint Point::get() { return 1; }\n',
      'class Dot {\n  Dot(int x);\n  int get();\n};\nDot::Dot(int x) {}\nint Dot::get() { return 1; }\n',
    ],
    [
      'a field of C++ in its methods',
      'a.cpp',
      'class P {\n  int get();\n  int «x|left»;\n};\nint P::get() { return x + this->x; }\nint f(int x) { return x; }\n',
      'class P {\n  int get();\n  int left;\n};\nint P::get() { return left + this->left; }\nint f(int x) { return x; }\n',
    ],
    [
      'a function of C++ and its head',
      'a.cpp',
      'int add(int a);\nint «add|sum»(int a) { return a; }\nint b = add(1);\n',
      'int sum(int a);\nint sum(int a) { return a; }\nint b = sum(1);\n',
    ],
    [
      'a function of Go',
      'a.go',
      'package a\nfunc «load|read»() int { return 1 }\nfunc main() { x := load(); _ = x }\n',
      'package a\nfunc read() int { return 1 }\nfunc main() { x := read(); _ = x }\n',
    ],
    [
      'a variable of Go in its block',
      'a.go',
      'package a\nfunc main() {\n\t«n|count» := 1\n\tif n := 2; n > 1 { use(n) }\n\tuse(n)\n}\n',
      'package a\nfunc main() {\n\tcount := 1\n\tif n := 2; n > 1 { use(n) }\n\tuse(count)\n}\n',
    ],
    [
      'a field of a Go struct',
      'a.go',
      'package a\ntype P struct { «X|Left» int }\nfunc (p *P) Get() int { return p.X }\n',
      'package a\ntype P struct { Left int }\nfunc (p *P) Get() int { return p.Left }\n',
    ],
    [
      'a variable of Rust',
      'a.rs',
      'fn main() {\n    let «n|count» = 1;\n    println!("{}", n);\n    let b = n + a.n;\n}\n',
      'fn main() {\n    let count = 1;\n    println!("{}", count);\n    let b = count + a.n;\n}\n',
    ],
    [
      'a field of Java',
      'A.java',
      'class A {\n  int «n|count»;\n  int get() { return n + this.n; }\n  int n() { return n; }\n  int f(int n) { return n; }\n}\n',
      'class A {\n  int count;\n  int get() { return count + this.count; }\n  int n() { return count; }\n  int f(int n) { return n; }\n}\n',
    ],
    [
      'a variable of C#',
      'A.cs',
      'class A { void F() { var «n|count» = 1; Use(n); } void G(int n) { Use(n); } }',
      'class A { void F() { var count = 1; Use(count); } void G(int n) { Use(n); } }',
    ],
    ['a parameter of Ruby', 'a.rb', 'def f(«a|first»)\n  a + b.a\nend\n', 'def f(first)\n  first + b.a\nend\n'],
    [
      'a variable of PHP',
      'a.php',
      '<?php\nfunction f($«a|first») { return $a + a(); }\n',
      '<?php\nfunction f($first) { return $first + a(); }\n',
    ],
    [
      'a variable of a shell script',
      'a.sh',
      '«name|title»=1\necho "$name ${name}"\n',
      'title=1\necho "$title ${title}"\n',
    ],
  ];
  for (const [title, file, marked, after] of cases)
    it(title, async () => {
      assert.deepEqual(await renamed({ [file]: marked }), { [file]: after });
    });

  it('a name that another file imports', async () => {
    assert.deepEqual(
      await renamed({
        'src/io.ts': 'export function «read|load»() {}\n',
        'src/app.ts': "import { read } from './io.ts';\nread();\n",
        'src/other.ts': "import { read } from './files.ts';\nread();\n",
      }),
      { 'src/app.ts': "import { load } from './io.ts';\nload();\n" },
    );
  });

  it('several names that one edit replaced', async () => {
    assert.deepEqual(
      await renamed({
        'a.ts':
          'function f() {\n  let «place = oldCall(1);\n  use(place|choice = newCall(1);\n  use(choice»);\n  return place;\n}\n',
      }),
      {
        'a.ts': 'function f() {\n  let choice = newCall(1);\n  use(choice);\n  return choice;\n}\n',
      },
    );
  });

  it('the arguments that calls of Python pass by name', async () => {
    assert.deepEqual(
      await renamed({
        'shop.py': 'def buy(«count|amount», price=1):\n    return count * price\n\nbuy(count=2)\nsell(count=2)\n',
        'main.py': 'from shop import buy\n\nbuy(price=3, count=2)\n',
      }),
      {
        'shop.py': 'def buy(amount, price=1):\n    return amount * price\n\nbuy(amount=2)\nsell(count=2)\n',
        'main.py': 'from shop import buy\n\nbuy(price=3, amount=2)\n',
      },
    );
  });

  it('but not in other files if the name becomes private', async () => {
    assert.deepEqual(
      await renamed({
        'shop.py': '«CODES|_CODES» = {}\nuse(CODES)\n',
        'main.py': 'from shop import CODES\n\nuse(CODES)\n',
      }),
      { 'shop.py': '_CODES = {}\nuse(_CODES)\n' },
    );
  });

  it('a method of a C++ class in its header and its source', async () => {
    assert.deepEqual(
      await renamed({
        'p.h': 'class P {\n  int «get|read»();\n};\n',
        'p.cpp': '#include "p.h"\nint P::get() { return 1; }\n',
      }),
      { 'p.cpp': '#include "p.h"\nint P::read() { return 1; }\n' },
    );
  });

  it('types parameters away together with the name', async () => {
    assert.deepEqual(
      await renamed({ 'a.ts': 'function identity«|String»«<T>|»(a: string) {}\nidentity<string>("");' }),
      { 'a.ts': 'function identityString(a: string) {}\nidentityString("");' },
    );
  });
});

describe('no rename is suggested', () => {
  it('if an edit replaced more than names', async () => {
    assert.deepEqual(await renamed({ 'a.ts': 'const «place = 1|choice = first()»;\nuse(place);\n' }), {});
  });

  const cases: readonly (readonly [title: string, file: string, marked: string])[] = [
    ['for a use that was renamed', 'a.ts', 'const total = 1;\nuse(«total|sum»);\nuse(total);'],
    ['if the old name is still declared beside', 'a.ts', 'const total = 1;\nconst «total|sum» = 1;\nuse(total);'],
    ['if the new name was there before', 'a.ts', 'const sum = 1;\nconst «total|sum» = 1;\nuse(total);'],
    ['for a word in a comment', 'a.ts', '// the «total|sum»\nuse(total);'],
    ['for a keyword', 'a.ts', '«const|let» a = 1;\nconst b = 2;'],
    ['if a variable was removed from a list', 'a.ts', 'let «foo, |»bar;\nuse(foo);'],
    [
      'for one of several functions of a name',
      'A.java',
      'class A { void «f|g»(int a) {} void f() {} void h() { f(1); } }',
    ],
    ['in a language without a grammar', 'a.kt', 'val «total|sum» = 1\nuse(total)'],
    ['for a key of an object', 'a.ts', 'const a = { «total|sum»: 1 };\nuse(total);'],
  ];
  for (const [title, file, marked] of cases)
    it(title, async () => {
      assert.deepEqual(await renamed({ [file]: marked }), {});
    });
});
