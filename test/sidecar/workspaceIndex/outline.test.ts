import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { cutIntoChunks } from '../../../sidecar/workspaceIndex/chunks.ts';
import { definedNames } from '../../../sidecar/workspaceIndex/definedNames.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { outline } from '../../../sidecar/workspaceIndex/outline.ts';

const grammars = new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm')));

interface Case {
  readonly languageId: string;
  readonly text: string;
  /** The container, name and signature of each definition. */
  readonly defines: readonly (readonly [container: string | undefined, name: string, signature: string])[];
}

const cases: readonly Case[] = [
  {
    languageId: 'typescript',
    text: "import x from './y';\n\n/** Adds. */\nexport function add(a: number, b: number): number {\n  return a + b;\n}\n\nexport class Cart extends Base {\n  /** Sums. */\n  total(rebate = 0): number {\n    return 1;\n  }\n}\n\nexport const twice = (n: number): number => n * 2;\n",
    defines: [
      [undefined, 'add', '/** Adds. */\nexport function add(a: number, b: number): number'],
      [undefined, 'Cart', 'export class Cart extends Base'],
      ['Cart', 'total', '  /** Sums. */\n  total(rebate = 0): number'],
      [undefined, 'twice', 'export const twice = (n: number): number => n * 2;'],
    ],
  },
  {
    languageId: 'python',
    text: 'LIMIT = 3\n\nclass Cart(Base):\n    """A cart."""\n\n    @property\n    def total(self) -> float:\n        """Sums."""\n        return 1.0\n\nprint(LIMIT)\n',
    defines: [
      [undefined, 'LIMIT', 'LIMIT = 3'],
      [undefined, 'Cart', 'class Cart(Base):'],
      ['Cart', 'total', '    @property\n    def total(self) -> float:\n        """Sums."""'],
    ],
  },
  {
    languageId: 'go',
    text: 'package shop\n\n// Get finds an item.\nfunc (s *Store) Get(key string) (int, error) {\n\treturn 0, nil\n}\n',
    defines: [['Store', 'Get', '// Get finds an item.\nfunc (s *Store) Get(key string) (int, error)']],
  },
  {
    languageId: 'rust',
    text: 'impl Cart {\n    pub fn total(&self, rebate: f64) -> f64 {\n        1.0\n    }\n}\n',
    defines: [
      [undefined, 'Cart', 'impl Cart'],
      ['Cart', 'total', '    pub fn total(&self, rebate: f64) -> f64'],
    ],
  },
  {
    languageId: 'java',
    text: 'public class Cart {\n  public int total(int rebate) throws Empty {\n    return 1;\n  }\n}\n',
    defines: [
      [undefined, 'Cart', 'public class Cart'],
      ['Cart', 'total', '  public int total(int rebate) throws Empty'],
    ],
  },
  {
    languageId: 'cpp',
    text: 'int Cart::total(const Rebate& rebate) const {\n  return 1;\n}\n',
    defines: [['Cart', 'total', 'int Cart::total(const Rebate& rebate) const']],
  },
  {
    languageId: 'c',
    text: 'static int total(struct cart *cart, int rebate)\n{\n  return 1;\n}\n',
    defines: [[undefined, 'total', 'static int total(struct cart *cart, int rebate)']],
  },
  {
    languageId: 'csharp',
    text: 'namespace Shop;\npublic class Cart\n{\n    public int Total(int rebate)\n    {\n        return 1;\n    }\n}\n',
    defines: [
      [undefined, 'Cart', 'public class Cart'],
      ['Cart', 'Total', '    public int Total(int rebate)'],
    ],
  },
  {
    languageId: 'ruby',
    text: 'class Cart\n  # Sums.\n  def total(rebate = 0)\n    1\n  end\nend\n',
    defines: [
      [undefined, 'Cart', 'class Cart'],
      ['Cart', 'total', '  # Sums.\n  def total(rebate = 0)'],
    ],
  },
  {
    languageId: 'php',
    text: '<?php\nclass Cart {\n  public function total(int $rebate): int {\n    return 1;\n  }\n}\n',
    defines: [
      [undefined, 'Cart', 'class Cart'],
      ['Cart', 'total', '  public function total(int $rebate): int'],
    ],
  },
  { languageId: 'shellscript', text: 'total() {\n  echo 1\n}\n', defines: [[undefined, 'total', 'total()']] },
];

describe('outline', () => {
  for (const { languageId, text, defines } of cases) {
    it(`has heads and comments of ${languageId}, without bodies`, async () => {
      const found = await outline(text, languageId, grammars);
      assert.deepEqual(
        found?.map(({ container, name, signature }) => [container, name, signature]),
        defines,
      );
    });
  }

  it('has the definitions that parse in a broken text', async () => {
    const found = await outline('def total(rebate):\n    return ((\n\ndef other(:\n', 'python', grammars);
    assert.ok(found?.some(({ name }) => name === 'total'));
  });

  it('has the definitions around code that is too deeply nested', async () => {
    const text = `int first();\n${'#if A\n'.repeat(15_000)}${'#endif\n'.repeat(15_000)}int last();\n`;
    assert.deepEqual(
      (await outline(text, 'cpp', grammars))?.map(({ name }) => name),
      ['first', 'last'],
    );
  });

  it('is undefined for a language without a grammar', async () => {
    assert.equal(await outline('total = 1', 'cobol', grammars), undefined);
  });
});

describe('definedNames', () => {
  for (const { languageId, text, defines } of cases) {
    it(`finds the names of ${languageId} that a parser finds`, () => {
      const names = definedNames(text);
      // Names without a keyword are only for the parser.
      const wanted = defines
        .map(([, name]) => name)
        .filter((name) => name !== 'LIMIT' && !(languageId === 'rust' && name === 'Cart'));
      assert.deepEqual(
        wanted.filter((name) => !names.has(name)),
        [],
      );
    });
  }
});

describe('cutIntoChunks', () => {
  it('covers every line with text once, in chunks of at most 45 lines', () => {
    const text = Array.from({ length: 300 }, (_, line) => (line % 11 === 0 ? '' : `line ${line}`)).join('\n');
    const chunks = cutIntoChunks(text);
    assert.deepEqual(
      chunks.flatMap((chunk) => chunk.text.split('\n')).filter((line) => line !== ''),
      text.split('\n').filter((line) => line !== ''),
    );
    for (const { startLine, endLine } of chunks) assert.ok(endLine - startLine < 45);
  });

  it('begins chunks at definitions', async () => {
    const text = Array.from({ length: 20 }, (_, number) => `def f${number}(a):\n    b = a\n    return b\n\n`).join(
      '\n',
    );
    const definitions = (await outline(text, 'python', grammars)) ?? [];
    for (const { text: chunk } of cutIntoChunks(text, definitions)) assert.match(chunk, /^def /);
  });
});
