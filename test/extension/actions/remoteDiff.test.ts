import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { remoteDiff, type DiffOptions } from '../../../extension/actions/git/remoteDiff.ts';
import type { UriParts } from '../../../extension/actions/git/remoteUris.ts';
import { SecretFiles } from '../../../sidecar/privacy/secretFiles.ts';

const file = (name: string): UriParts => ({
  scheme: 'vscode-remote',
  authority: 'ssh-remote+host',
  path: `/project/${name}`,
});

/** A repository: ref (HEAD, '' for the index, 'files' for the files themselves) → name → text. Records the reads. */
function repository(
  texts: Readonly<Record<string, Readonly<Record<string, string>>>>,
  isStaged = false,
): DiffOptions & { readonly reads: string[] } {
  const secretFiles = new SecretFiles();
  const reads: string[] = [];
  return {
    reads,
    isStaged,
    rootPath: '/project',
    mayRead: async ({ path }) => !secretFiles.has(path),
    read: async ({ scheme, path, query }) => {
      const ref = scheme === 'git' ? (JSON.parse(query ?? '') as { ref: string }).ref : 'files';
      reads.push(`${ref}:${path}`);
      return texts[ref]?.[path.slice('/project/'.length)];
    },
  };
}

describe('remoteDiff', () => {
  it("equals git's output", async () => {
    const options = repository({ '': { 'a.ts': 'one\n' }, files: { 'a.ts': 'two\n' } });
    const diff = await remoteDiff({ uri: file('a.ts'), originalUri: file('a.ts'), isUntracked: false }, options);
    assert.deepEqual(diff, {
      path: 'a.ts',
      text: 'diff --git a/a.ts b/a.ts\n--- a/a.ts\n+++ b/a.ts\n@@ -1,1 +1,1 @@\n-one\n+two\n',
    });
  });

  it('reports a rename, with the text under the old name', async () => {
    const options = repository({ HEAD: { 'old.ts': 'one\n' }, '': { 'new.ts': 'one\ntwo\n' } }, true);
    const diff = await remoteDiff({ uri: file('new.ts'), originalUri: file('old.ts'), isUntracked: false }, options);
    assert.equal(diff?.previousPath, 'old.ts');
    assert.match(
      diff.text,
      /^diff --git a\/old\.ts b\/new\.ts\nrename from old\.ts\nrename to new\.ts\n--- a\/old\.ts\n\+\+\+ b\/new\.ts\n[^]*\n one\n\+two\n$/,
    );
  });

  it('reads no index text for an untracked file', async () => {
    const options = repository({ files: { 'a.ts': 'one\n' } });
    const diff = await remoteDiff({ uri: file('a.ts'), originalUri: file('a.ts'), isUntracked: true }, options);
    assert.match(diff?.text ?? '', /\n\+one\n$/);
    assert.deepEqual(options.reads, ['files:/project/a.ts']);
  });

  it('only names a long file that was rewritten, and shows a new file', async () => {
    const lines = (word: string): string => Array.from({ length: 5_000 }, (_, index) => `${word} ${index}\n`).join('');
    const options = repository({ '': { 'a.lock': lines('one') }, files: { 'a.lock': lines('two') } });
    const rewritten = await remoteDiff(
      { uri: file('a.lock'), originalUri: file('a.lock'), isUntracked: false },
      options,
    );
    assert.equal(rewritten?.text, 'diff --git a/a.lock b/a.lock\n--- a/a.lock\n+++ b/a.lock\n');
    const added = await remoteDiff({ uri: file('a.lock'), originalUri: file('a.lock'), isUntracked: true }, options);
    assert.match(added?.text ?? '', /\n\+two 4999\n$/);
  });

  for (const [from, to] of [
    ['.env', 'notes.txt'],
    ['notes.txt', '.env'],
    ['.env', '.env'],
  ] as const) {
    it(`returns nothing for ${from} → ${to} and does not read it`, async () => {
      const options = repository({ HEAD: { [from]: 'TOKEN=1\n' }, '': { [to]: 'TOKEN=2\n' } }, true);
      assert.equal(
        await remoteDiff({ uri: file(to), originalUri: file(from), isUntracked: false }, options),
        undefined,
      );
      assert.deepEqual(options.reads, []);
    });
  }
});
