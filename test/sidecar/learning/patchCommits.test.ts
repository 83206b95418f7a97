import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { patchCommits } from '../../../sidecar/learning/patchCommits.ts';
import type { Hunk } from '../../../sidecar/learning/recentLines.ts';

async function read(...lines: readonly string[]): Promise<readonly (readonly Hunk[])[]> {
  const commits: (readonly Hunk[])[] = [];
  async function* given(): AsyncGenerator<string> {
    yield* lines;
  }
  for await (const commit of patchCommits(given())) commits.push(commit);
  return commits;
}

const head = (path: string): readonly string[] => [`diff --git ${path} ${path}`, `--- ${path}`, `+++ ${path}`];

describe('commits of a patch', () => {
  it('have the changed lines of each file', async () => {
    assert.deepEqual(
      await read('\0', '', ...head('a.ts'), '@@ -3,2 +3 @@ f', '-x', '-y', '+z', '\0', '', ...head('b c.ts\t')),
      [[{ path: 'a.ts', start: 2, removed: 2, added: 1 }], []],
    );
  });

  it('name the line behind a deletion', async () => {
    assert.deepEqual(await read('\0', ...head('a.ts'), '@@ -4,2 +3,0 @@', '-x', '-y'), [
      [{ path: 'a.ts', start: 3, removed: 2, added: 0 }],
    ]);
  });

  it('are not confused by lines that look like a patch', async () => {
    assert.deepEqual(
      await read(
        ...['\0', ...head('a.ts'), '@@ -1 +1,2 @@', '--- old', '\\ No newline at end of file', '+++ b.ts'],
        ...['+@@ -9 +9 @@', '\\ No newline at end of file', '@@ -8,0 +9 @@', '+x'],
      ),
      [
        [
          { path: 'a.ts', start: 0, removed: 1, added: 2 },
          { path: 'a.ts', start: 8, removed: 0, added: 1 },
        ],
      ],
    );
  });

  it('leave out a commit that ends in the middle of a change', async () => {
    assert.deepEqual(await read('\0', ...head('a.ts'), '@@ -1 +1 @@', '-x'), []);
  });

  it('do not exist in other text', async () => {
    assert.deepEqual(await read('fatal: not a git repository', '@@ -1 +1 @@', '-x', '+y'), []);
  });
});
