import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';

const FOLDER = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));

describe('Grammars', () => {
  it('allocates memory for one parser, however many files are parsed', async (t) => {
    const { Memory } = WebAssembly;
    let memories = 0;
    t.mock.method(WebAssembly, 'Memory', function (descriptor: WebAssembly.MemoryDescriptor) {
      memories++;
      return new Memory(descriptor);
    });
    const grammars = new Grammars(FOLDER);
    for (let file = 0; file < 10; file++) await grammars.warm('java');
    (await grammars.parse('class Cart {}\n', 'java'))?.delete();
    assert.equal(memories, 1);
  });

  it('loads a grammar whose file was missing before', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-grammars-'));
    try {
      await copyFile(path.join(FOLDER, 'tree-sitter.wasm'), path.join(folder, 'tree-sitter.wasm'));
      const grammars = new Grammars(folder);
      await assert.rejects(grammars.warm('java'), { code: 'ENOENT' });
      await copyFile(path.join(FOLDER, 'tree-sitter-java.wasm'), path.join(folder, 'tree-sitter-java.wasm'));
      await grammars.warm('java');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('limits the processor time of a parse, not the elapsed time', async (t) => {
    const grammars = new Grammars(FOLDER);
    await grammars.warm('java');
    let nowMs = 0;
    t.mock.method(performance, 'now', () => (nowMs += 60_000));
    const text = 'class Cart { int count = 1 + 2; }\n'.repeat(2_000);
    const classes = async (usedMs: number): Promise<number | undefined> => {
      t.mock.method(process, 'cpuUsage', () => ({ user: (usedMs - 100) * 1_000, system: 100_000 }));
      const tree = await grammars.parse(text, 'java');
      const count = tree?.rootNode.childCount;
      tree?.delete();
      return count;
    };
    assert.equal(await classes(100), 2_000, 'others kept the processor busy');
    assert.equal(await classes(1_500), 2_000, 'the processor is slow');
    assert.equal(await classes(2_100), undefined);
    assert.equal(await classes(100), 2_000, 'the next text is parsed from its beginning');
  });
});
