import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Grammars } from '../../../sidecar/syntax/grammars.ts';
import { WorkspaceIndex, type ReadFile } from '../../../sidecar/workspaceIndex/workspaceIndex.ts';

/** No grammar is available. */
const grammars = {
  warm: () => Promise.reject(new Error('no grammar')),
  parse: () => Promise.reject(new Error('no grammar')),
} as unknown as Grammars;

describe('parsed files', () => {
  async function read(index: WorkspaceIndex, name: string, text: string): Promise<ReadFile | undefined> {
    const uri = `file:///project/${name}`;
    const known = index.files.get(uri);
    if (known === undefined) index.put({ uri, path: name, text, revision: 1 });
    const file = index.files.get(uri);
    return file && index.read(file);
  }

  it('stay in memory while they are small', async () => {
    const index = new WorkspaceIndex(grammars);
    const first = await read(index, 'first.txt', 'one\n');
    for (let file = 0; file < 200; file++) await read(index, `f${file}.txt`, 'two\n');
    assert.equal(await read(index, 'first.txt', 'one\n'), first);
  });

  it('are dropped if they are many and large, since the thread’s heap is limited', async () => {
    const index = new WorkspaceIndex(grammars);
    const large = 'a line of text\n'.repeat(60_000);
    const first = await read(index, 'first.txt', large);
    for (let file = 0; file < 100; file++) await read(index, `f${file}.txt`, large);
    index.giveText({ uri: 'file:///project/first.txt', text: large });
    const again = await read(index, 'first.txt', large);
    assert.deepEqual(again, first);
    assert.notEqual(again, first);
  });
});
