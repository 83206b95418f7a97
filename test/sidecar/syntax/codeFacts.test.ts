import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { codeFacts, type CodeFacts } from '../../../sidecar/syntax/codeFacts.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';

const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

describe('facts about a function', () => {
  const cases: readonly (readonly [languageId: string, code: string, facts: Partial<CodeFacts>])[] = [
    [
      'typescript',
      'export async function load(file: string, { force = false }: Options = {}): Promise<Model> {\n  if (!file) throw new TypeError("no file");\n  const read = () => { return 1; };\n  return this.open(file, read());\n}',
      {
        parameters: ['file', '{ force = false }'],
        returns: ['Promise<Model>'],
        errors: ['TypeError'],
        calls: ['TypeError', 'this.open', 'read'],
      },
    ],
    [
      'typescript',
      'const kind = (value: unknown): Kind => value === null ? "null" : typeof value === "object" ? "object" : "other";',
      { parameters: ['value'], returns: ['Kind'] },
    ],
    ['typescriptreact', 'function Hi({ name }) {\n  return <b>{name}</b>;\n}', { returns: ['<b>{name}</b>'] }],
    ['javascript', 'function log(...args) {\n  console.log(args);\n}', { parameters: ['...args'], returns: 'nothing' }],
    ['javascript', 'function* ids() {\n  yield 1;\n  yield 2;\n}', { yields: ['1', '2'] }],
    [
      'python',
      'async def fetch(self, url: str, *, retries: int = 3, **options) -> bytes:\n    """Fetch."""\n    if retries < 0:\n        raise ValueError("retries")\n    for _ in range(retries):\n        yield await self.get(url)\n',
      {
        parameters: ['url', 'retries', '**options'],
        errors: ['ValueError'],
        yields: ['await self.get(url)'],
        calls: ['ValueError', 'range', 'self.get'],
      },
    ],
    ['python', '@cache\ndef double(x):\n    return 2 * x\n', { parameters: ['x'], returns: ['2 * x'] }],
    ['python', 'def show(x):\n    print(x)\n', { returns: 'nothing', calls: ['print'] }],
    [
      'go',
      'func (s *Server) Add(a, b int, name string) (int, error) {\n\treturn s.sum(a, b), nil\n}',
      { parameters: ['a', 'b', 'name'], returns: ['(int, error)'], calls: ['s.sum'] },
    ],
    [
      'rust',
      'pub fn total(&self, items: &[Item]) -> u64 {\n    items.iter().map(|i| i.price).sum()\n}',
      { parameters: ['items'], returns: ['u64'] },
    ],
    ['rust', 'fn log(text: &str) {\n    println!("{}", text);\n}', { parameters: ['text'], returns: 'nothing' }],
    [
      'java',
      'public int parse(String text, final int radix) {\n  if (text == null) throw new IllegalArgumentException("text");\n  return Integer.parseInt(text, radix);\n}',
      { parameters: ['text', 'radix'], errors: ['IllegalArgumentException'] },
    ],
    [
      'csharp',
      'public void Close(Stream stream)\n{\n  stream.Dispose();\n}',
      { parameters: ['stream'], returns: 'nothing' },
    ],
    ['cpp', 'int add(int a, const std::string& name) {\n  return a + size(name);\n}', { parameters: ['a', 'name'] }],
    [
      'php',
      '<?php\nfunction greet(string $name, $loud = false) {\n  return strtoupper($name);\n}',
      { parameters: ['$name', '$loud'] },
    ],
    ['ruby', 'def add(a, b = 1)\n  raise ArgumentError if a.nil?\n  a + b\nend', { parameters: ['a', 'b'] }],
  ];
  for (const [languageId, code, expected] of cases)
    it(`in ${languageId}: ${code.split('\n')[0]}`, async () => {
      const facts = await codeFacts(code, languageId, grammars);
      assert.ok(facts);
      assert.deepEqual({ ...facts, ...expected }, facts);
    });

  it('are of a method without its class', async () => {
    const java = '  @Override\n  public int size() {\n    return items.size();\n  }';
    assert.deepEqual((await codeFacts(java, 'java', grammars))?.returns, ['int']);
    const typescript = '  private async open(file: string): Promise<void> {\n    await this.read(file);\n  }';
    const facts = await codeFacts(typescript, 'typescript', grammars);
    assert.deepEqual([facts?.parameters, facts?.returns, facts?.calls], [['file'], ['Promise<void>'], ['this.read']]);
    const python = '    def size(self):\n        return len(self.items)\n';
    assert.deepEqual((await codeFacts(python, 'python', grammars))?.returns, ['len(self.items)']);
    const php = '  public function size(): int {\n    return count($this->items);\n  }';
    assert.deepEqual((await codeFacts(php, 'php', grammars))?.returns, ['int']);
  });

  it('are of a function with several signatures', async () => {
    const code = 'export function f(a: A): B;\nexport function f(a: B): C;\nexport function f(a) {\n  return g(a);\n}';
    const facts = await codeFacts(code, 'typescript', grammars);
    assert.deepEqual([facts?.parameters, facts?.returns], [['a'], ['g(a)']]);
  });

  const wrong: readonly (readonly [what: string, languageId: string, code: string, facts: Partial<CodeFacts>])[] = [
    [
      'a pointer',
      'c',
      'void *f(void *p, int n) {\n  free(p);\n  return p;\n}',
      { parameters: ['p', 'n'], returns: ['p'] },
    ],
    ['no parameter', 'c', 'int f(void) {\n  return 1;\n}', { parameters: [], returns: ['int'] }],
    ['a closure', 'rust', 'fn f() -> i32 {\n  let g = |x| x + 1;\n  g(1)\n}', { returns: ['i32'] }],
    ['a comment', 'javascript', 'function f(a) {\n  return /* hi */ a;\n}', { returns: ['a'] }],
    ['an end without a value', 'javascript', 'function f(x) {\n  if (x) return 1;\n}', { mayReturnNothing: true }],
    ['a type guard', 'typescript', 'function f(x: A): x is B {\n  return x.b;\n}', { returns: ['x is B'] }],
    [
      'no return',
      'typescript',
      'function f(): never {\n  throw new Error();\n}',
      { parameters: [], errors: ['Error'] },
    ],
    [
      'a rethrow',
      'javascript',
      'function f() {\n  try {\n    g();\n  } catch (e) {\n    throw e;\n  }\n}',
      { errors: [] },
    ],
    [
      'a caught error',
      'javascript',
      'function f() {\n  try {\n    throw new Error();\n  } catch {\n    return 1;\n  }\n}',
      { errors: [] },
    ],
    ['types alone', 'go', 'func f(int, string) error {\n\treturn nil\n}', { parameters: [], returns: ['error'] }],
    ['a rest', 'java', 'void f(int... n) {\n  g(n);\n}', { parameters: ['n'], returns: 'nothing' }],
    ['a constructor', 'javascript', 'constructor(a) {\n  this.a = a;\n}', { parameters: ['a'] }],
    ['a receiver', 'rust', "fn f(&'a self, n: u8) {\n  g(n);\n}", { parameters: ['n'], returns: 'nothing' }],
    [
      'a chain',
      'javascript',
      'function f(x) {\n  return x.map((y) => y.z).filter(Boolean);\n}',
      { calls: ['filter', 'x.map'] },
    ],
  ];
  for (const [what, languageId, code, expected] of wrong)
    it(`tell ${what} in ${languageId}`, async () => {
      const facts = await codeFacts(code, languageId, grammars);
      assert.deepEqual({ ...facts, ...expected }, facts);
      if (/no return|constructor/.test(what)) assert.equal(facts?.returns, undefined);
    });

  it('are not those of a function in other code', async () => {
    for (const [languageId, code] of [
      ['python', 'with open(p) as f:\n    print(sorted(f, key=lambda l: l.x))'],
      ['javascript', 'items.map((a) => a.b);'],
      ['javascript', "router.get('/x', async (req, res) => {\n  return 1;\n});"],
      ['javascript', 'const a = 1, f = (x) => x + g(x);'],
      ['javascript', 'class A {\n  foo(a) {\n    return b(a);\n  }\n}'],
      ['python', 'class A:\n    x = 1\n    def f(self, a):\n        raise E()'],
    ] as const) {
      const facts = await codeFacts(code, languageId, grammars);
      assert.deepEqual([facts?.parameters, facts?.returns, facts?.errors], [[], undefined, []], code);
    }
  });

  it('are absent if the code is cut off', async () => {
    assert.equal(await codeFacts('function f(a) {\n  if (a) {\n    g(a);', 'javascript', grammars), undefined);
  });

  it('are of the function alone, and not of functions in it', async () => {
    const facts = await codeFacts(
      'function a() {\n  const b = () => {\n    return 1;\n  };\n  b();\n}',
      'javascript',
      grammars,
    );
    assert.equal(facts?.returns, 'nothing');
  });
});

describe('facts about other code', () => {
  it('name what a class or a file defines', async () => {
    const code = 'class Cart {\n  add(item) { this.items.push(item); }\n}\nfunction total(cart) { return sum(cart); }';
    const facts = await codeFacts(code, 'javascript', grammars);
    assert.deepEqual([facts?.defines, facts?.parameters, facts?.returns], [['Cart', 'total'], [], undefined]);
  });

  it('are the calls of statements', async () => {
    const facts = await codeFacts('const a = read(1);\nwrite(a);', 'javascript', grammars);
    assert.deepEqual(facts, { defines: [], parameters: [], yields: [], errors: [], calls: ['read', 'write'] });
  });

  it('are absent without a grammar, without names, and for long texts', async () => {
    assert.equal(await codeFacts('select 1', 'sql', grammars), undefined);
    assert.equal(await codeFacts('a + b', 'javascript', grammars), undefined);
    assert.equal(await codeFacts('f();\n'.repeat(20_000), 'javascript', grammars), undefined);
  });
});
