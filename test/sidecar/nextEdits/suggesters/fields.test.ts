import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const followed = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'signature' })).after;

const WITH_FILE =
  'export interface Place {\n  readonly line: number;\n«|  readonly file: string;\n»  readonly column: number;\n}\n';
const WITHOUT_FILE = WITH_FILE.replace('«|  readonly file: string;\n»', '«  readonly file: string;\n|»');

describe('a new field of a type', () => {
  it('is suggested in an object that has all other fields, where a variable of its name is in sight', async () => {
    const after = await followed({
      'a.ts': WITH_FILE,
      'b.ts': "import type { Place } from './a';\nconst f = (file: string): Place => ({ line: 1, column: 2 });\n",
    });
    assert.match(after['b.ts'] ?? '', /\(\{ line: 1, file, column: 2 \}\)/);
  });

  it('is suggested where a variable has the type', async () => {
    const after = await followed({
      'a.ts':
        'interface Box {\n  a: number;\n«|  b: string;\n»}\nfunction f(b: string) {\n  const box: Box = { a: 1 };\n}\n',
    });
    assert.match(after['a.ts'] ?? '', /const box: Box = \{ a: 1, b \};/);
  });

  it('is not suggested if its value is unknown, or if it is optional', async () => {
    const b = "import type { Place } from './a';\nconst place: Place = { line: 1, column: 2 };\n";
    assert.deepEqual(await followed({ 'a.ts': WITH_FILE, 'b.ts': b }), {});
    const optional = WITH_FILE.replace('file:', 'file?:');
    assert.deepEqual(await followed({ 'a.ts': optional, 'b.ts': `const file = 'x';\n${b}` }), {});
  });

  it('is not suggested in objects of other types', async () => {
    const b =
      "import './a';\nconst file = 'x';\nuse({ line: 1 }, { line: 1, column: 2, width: 3 }, { ...all, line: 1, column: 2 });\n";
    assert.deepEqual(await followed({ 'a.ts': WITH_FILE, 'b.ts': b }), {});
  });
});

describe('a removed field of a type', () => {
  it('is removed from objects that have all other fields', async () => {
    const after = await followed({
      'a.ts': WITHOUT_FILE,
      'b.ts': "import './a';\nuse({\n  line: 1,\n  file: 'x',\n  column: 2,\n});\nuse({ file: 'x' });\n",
    });
    assert.equal(after['b.ts'], "import './a';\nuse({\n  line: 1,\n  column: 2,\n});\nuse({ file: 'x' });\n");
  });

  it('is removed from literals of a Go struct, and of no other', async () => {
    const after = await followed({
      'a.go':
        'package a\ntype Place struct {\n\tLine int\n«\tFile string\n|»}\nvar x = g(Place{Line: 1, File: "x"}, Other{File: "y"})\n',
    });
    assert.match(after['a.go'] ?? '', /g\(Place\{Line: 1\}, Other\{File: "y"\}\)/);
  });

  it('stays in files that do not know the type', async () => {
    const b = "use({ line: 1, file: 'x', column: 2 });\n";
    assert.deepEqual(await followed({ 'a.ts': WITHOUT_FILE, 'b.ts': b }), {});
  });
});

describe('a renamed field of a type', () => {
  const RENAMED =
    'export interface Place {\n  readonly line: number;\n  readonly «column|unit»: number;\n  readonly file?: string;\n}\n';

  it('is renamed as the key of objects that have all other fields', async () => {
    const b =
      "import './a';\nconst p: Place = { column: 1 };\nuse({ line: 1, column: 2 }, { line: 1, column: 2, width: 3 });\n";
    const after = await followed({ 'a.ts': RENAMED.replace('}', '  readonly text: string;\n}'), 'b.ts': b });
    assert.equal(after['b.ts'], b.replace('{ column: 1', '{ unit: 1'));
    const three = b.replace('column: 2 }', "column: 2, text: 'x' }");
    const all = await followed({ 'a.ts': RENAMED.replace('}', '  readonly text: string;\n}'), 'b.ts': three });
    assert.match(all['b.ts'] ?? '', /\{ line: 1, unit: 2, text: 'x' \}, \{ line: 1, column: 2, width: 3 \}/);
  });
});
