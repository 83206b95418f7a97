import assert from 'node:assert/strict';
import { it } from 'node:test';
import type * as vscode from 'vscode';
import type { GitRepository } from '../../../extension/actions/git/gitApi.ts';
import '../documents/support/useFakeVscode.ts';
import { fake, Uri } from '../documents/support/vscode.ts';

const { apiSource } = await import('../../../extension/actions/git/apiSource.ts');

it('apiSource names the last of many untracked files without reading them', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `/ws/${String(index).padStart(2, '0')}.txt`);
  fake.open(['/ws'], Object.fromEntries(names.map((name) => [name, 'x'.repeat(200_000)])));
  const uriOf = (file: string): vscode.Uri => Uri.file(file) as unknown as vscode.Uri;
  const workingTreeChanges = names.map((name) => ({ uri: uriOf(name), status: 7 }));
  const repository: GitRepository = {
    rootUri: uriOf('/ws'),
    inputBox: { value: '' },
    state: { HEAD: undefined, indexChanges: [], workingTreeChanges },
    status: async () => undefined,
    diff: async () => '',
    log: async () => [],
  };
  const files = await apiSource(repository).changes(async () => true);
  assert.deepEqual(
    files.map(({ path }) => path),
    names.map((name) => name.slice('/ws/'.length)),
  );
  assert.equal(files.filter(({ text }) => text.length > 200_000).length, 5);
});
