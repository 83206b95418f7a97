import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { edited, type MarkedFiles } from '../scenario.ts';

const repeated = async (files: MarkedFiles): Promise<Readonly<Record<string, string>>> =>
  (await edited(files, { kind: 'repeat' })).after;

describe('two similar edits suggest the rest', () => {
  const cases: readonly (readonly [title: string, file: string, marked: string, after: string])[] = [
    [
      'the same replacement',
      'a.ts',
      'console.«log|error»("a");\nconsole.«log|error»("b");\nconsole.log("c");\n',
      'console.error("a");\nconsole.error("b");\nconsole.error("c");\n',
    ],
    [
      'a wrapped name',
      'a.ts',
      'check(«a|Number(a)»);\ncheck(«b|Number(b)»);\ncheck(c);\n',
      'check(Number(a));\ncheck(Number(b));\ncheck(Number(c));\n',
    ],
    [
      'an added argument',
      'a.py',
      'load("a"«|, strict=True»)\nload("b"«|, strict=True»)\nload("c")\n',
      'load("a", strict=True)\nload("b", strict=True)\nload("c", strict=True)\n',
    ],
    [
      'an added word',
      'a.ts',
      'x = «|await »read(a);\ny = «|await »read(b);\nz = read(c);\n',
      'x = await read(a);\ny = await read(b);\nz = await read(c);\n',
    ],
    ['a removed call', 'a.ts', 'use(a«.trim()|»);\nuse(b«.trim()|»);\nuse(c.trim());\n', 'use(a);\nuse(b);\nuse(c);\n'],
    [
      'in a language without a grammar',
      'a.kt',
      'list.«first|last»()\nset.«first|last»()\nmap.first()\n',
      'list.last()\nset.last()\nmap.last()\n',
    ],
    [
      'in lines that end as on Windows',
      'a.ts',
      'console.«log|error»(1);\r\nconsole.«log|error»(2);\r\nconsole.log(3);\r\n',
      'console.error(1);\r\nconsole.error(2);\r\nconsole.error(3);\r\n',
    ],
  ];
  for (const [title, file, marked, after] of cases)
    it(title, async () => {
      assert.deepEqual(await repeated({ [file]: marked }), { [file]: after });
    });
});

describe('nothing is repeated', () => {
  const cases: readonly (readonly [title: string, file: string, marked: string])[] = [
    ['after one edit', 'a.ts', 'console.«log|error»("a");\nconsole.log("c");\n'],
    ['after two different edits', 'a.ts', 'console.«log|error»("a");\nconsole.«log|warn»("b");\nconsole.log("c");\n'],
    ['where the place is done already', 'a.ts', 'x = «|await »read(a);\ny = «|await »read(b);\nz = await read(c);\n'],
    ['for a text that fits everywhere', 'a.ts', 'a(«|x»);\nb(«|x»);\nc();\n'],
    ['for two typed lines', 'a.ts', 'if (a) {«|\n  return;»\n}\nif (b) {«|\n  return;»\n}\nif (c) {\n}\n'],
  ];
  for (const [title, file, marked] of cases)
    it(title, async () => {
      assert.deepEqual(await repeated({ [file]: marked }), {});
    });
});
