import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { Grammars } from '../../../sidecar/context/grammars.ts';

const FOLDER = path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'));

describe('grammars', () => {
  it('take memory for one parser, however often they are asked for', async (t) => {
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
});
