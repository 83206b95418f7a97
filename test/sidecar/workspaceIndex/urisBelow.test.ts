import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { urisBelow } from '../../../sidecar/workspaceIndex/urisBelow.ts';
import { FileTable } from '../../../sidecar/workspaceIndex/fileTable.ts';
import { assertGrowsLinearly } from '../../assertGrowsLinearly.ts';

const FILES = ['file:///p/a/one.ts', 'file:///p/a/b/two.ts', 'file:///p/ab/three.ts', 'file:///p/four.ts'];

describe('below', () => {
  const cases: readonly { readonly it: string; readonly folders: readonly string[]; readonly is: readonly string[] }[] =
    [
      {
        it: 'finds URIs at any depth, and none with only the same beginning',
        folders: ['file:///p/a'],
        is: FILES.slice(0, 2),
      },
      { it: 'ignores a slash at the end', folders: ['file:///p/a/'], is: FILES.slice(0, 2) },
      {
        it: 'finds the URIs of each folder once',
        folders: ['file:///p/a', 'file:///p/a/b', 'file:///p/ab'],
        is: FILES.slice(0, 3),
      },
      { it: 'finds none below a file or an unknown folder', folders: ['file:///p/four.ts', 'file:///q'], is: [] },
      { it: 'finds none without folders', folders: [], is: [] },
    ];
  for (const { it: says, folders, is } of cases) it(says, () => assert.deepEqual(urisBelow(FILES, folders), is));

  it('takes one pass for hundreds of folders', () =>
    assertGrowsLinearly(20_000, (documents) => {
      const table = new FileTable();
      for (let document = 0; document < documents; document++) {
        const path = `packages/part${document % 50}/src/deep/er/file${document}.ts`;
        table.add({ uri: `file:///project/${path}`, path, languageId: 'typescript', revision: 0, document });
      }
      const deleted = Array.from(
        { length: documents / 40 },
        (_, number) => `file:///project/dist/part${number}/${'x'.repeat(number % 40)}`,
      );
      assert.equal(
        table.at([...deleted, 'file:///project/packages/part7', 'file:///project/packages/part1/src/deep/er/file1.ts'])
          .length,
        documents / 50 + 1,
      );
    }));
});
