import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { Uri } from '../documents/support/vscode.ts';

const { NewFolders } = await import('../../../extension/workspace/newFolders.ts');

const uris = (...paths: string[]): vscode.Uri[] => paths.map((path) => Uri.file(path) as unknown as vscode.Uri);

/** Folders of two files each. `afterFile` is called with all files so far. */
function newFolders(
  afterFile: (folders: InstanceType<typeof NewFolders>, told: readonly string[]) => void = () => undefined,
): { folders: InstanceType<typeof NewFolders>; told: string[] } {
  const told: string[] = [];
  async function* below(folder: vscode.Uri): AsyncGenerator<vscode.Uri> {
    yield* uris(`${folder.path}/a.ts`, `${folder.path}/b.ts`);
  }
  const onFile = ({ path }: vscode.Uri): void => {
    told.push(path);
    afterFile(folders, told);
  };
  const folders = new NewFolders(
    { below },
    { onFile, onTooMany: assert.fail, onError: (error) => assert.fail(String(error)) },
  );
  return { folders, told };
}

describe('NewFolders', () => {
  it('searches folders one after the other, and nested folders with their parents', async () => {
    const { folders, told } = newFolders();
    folders.add(uris('/ws/lib/deep', '/ws/lib', '/ws/library'));
    await nextTurn();
    assert.deepEqual(told, ['/ws/lib/a.ts', '/ws/lib/b.ts', '/ws/library/a.ts', '/ws/library/b.ts']);
  });

  it('searches a folder again if it is added again during the search', async () => {
    const { folders, told } = newFolders((all, { length }) => {
      if (length === 1) all.add(uris('/ws/lib/deep'));
    });
    folders.add(uris('/ws/lib'));
    await nextTurn();
    assert.deepEqual(told, ['/ws/lib/a.ts', '/ws/lib/b.ts', '/ws/lib/deep/a.ts', '/ws/lib/deep/b.ts']);
  });

  it('stops the search after `forget`, and searches folders that are added then', async () => {
    const { folders, told } = newFolders((all, { length }) => {
      if (length !== 1) return;
      all.forget();
      all.add(uris('/ws/new'));
    });
    folders.add(uris('/ws/lib', '/ws/other'));
    await nextTurn();
    assert.deepEqual(told, ['/ws/lib/a.ts', '/ws/new/a.ts', '/ws/new/b.ts']);
  });
});
