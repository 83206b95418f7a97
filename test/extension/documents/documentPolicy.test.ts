import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as vscode from 'vscode';
import './support/useFakeVscode.ts';
import { bringForward } from './support/bringForward.ts';
import { fake, Uri } from './support/vscode.ts';

const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');

const open: { dispose(): void }[] = [];
afterEach(() => {
  for (const policy of open.splice(0)) policy.dispose();
});

interface Policy {
  readonly judge: (file: string) => Promise<string>;
  readonly log: string[];
  /** How often verdicts were said to have changed. */
  readonly changes: () => number;
}

function policyOver(files: Readonly<Record<string, string>>, folder = '/ws'): Policy {
  fake.open([folder], files);
  const log: string[] = [];
  const policy = new DocumentPolicy((line) => log.push(line));
  open.push(policy);
  let changes = 0;
  policy.onDidChange(() => changes++);
  return { judge: (file) => policy.judge(Uri.file(file) as unknown as vscode.Uri), log, changes: () => changes };
}

describe('rules that cannot be read', () => {
  const cases: readonly (readonly [what: string, hanging: string, kept: string, allowed: string | undefined])[] = [
    ['of the workspace', '/ws/.gitignore', '/ws/a.ts', undefined],
    ['of a folder', '/ws/src/.chorusignore', '/ws/src/deep/a.ts', '/ws/a.ts'],
    ['of a repository', '/ws/library/.git', '/ws/library/a.ts', '/ws/a.ts'],
    ['of a whole folder that is gone', '/ws/gone', '/ws/gone/deep/a.ts', '/ws/a.ts'],
  ];
  for (const [what, hanging, kept, allowed] of cases) {
    it(`in time keep what they may be about from the model, with one line in the log: ${what}`, async () => {
      const { judge, log } = policyOver({ [kept]: '' });
      fake.hanging.add(hanging);
      assert.equal(await bringForward(() => judge(kept)), 'ignored');
      if (allowed !== undefined) assert.equal(await bringForward(() => judge(allowed)), 'allowed');
      assert.equal(log.length, 1);
      assert.match(log[0] ?? '', /can't be read.*LateError/);
    });
  }

  it('in time are read again after a minute', async () => {
    const { judge } = policyOver({ '/ws/.gitignore': 'out/\n' });
    fake.hanging.add('/ws/.gitignore');
    await bringForward(async () => {
      assert.equal(await judge('/ws/a.ts'), 'ignored');
      fake.hanging.clear();
      assert.equal(await judge('/ws/a.ts'), 'ignored', 'at once');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      assert.equal(await judge('/ws/a.ts'), 'allowed', 'after a minute');
      assert.equal(await judge('/ws/out/a.ts'), 'ignored');
    });
  });

  it('in time are told as changed once they can be read, and not before', async () => {
    const { judge, changes } = policyOver({ '/ws/.gitignore': 'out/\n' });
    fake.hanging.add('/ws/.gitignore');
    await bringForward(async () => {
      assert.equal(await judge('/ws/a.ts'), 'ignored');
      await new Promise((resolve) => setTimeout(resolve, 200_000));
      assert.equal(changes(), 0, 'still late');
      fake.hanging.clear();
      await new Promise((resolve) => setTimeout(resolve, 80_000));
      assert.equal(changes(), 1);
      await new Promise((resolve) => setTimeout(resolve, 200_000));
      assert.equal(changes(), 1, 'no more than once');
    });
  });

  const repository = { '/repo/.git/HEAD': '', '/repo/.gitignore': 'private/\n', '/repo/app/.gitignore': 'out/\n' };
  it('of a repository around the opened folder count while nobody can tell whether the folder is one itself', async () => {
    const { judge, changes } = policyOver(repository, '/repo/app');
    fake.hanging.add('/repo/app/.git');
    await bringForward(async () => {
      const verdict = judge('/repo/app/private/a.ts');
      await nextTurn();
      fake.hanging.clear();
      assert.equal(await verdict, 'ignored');
      assert.equal(await judge('/repo/app/out/a.ts'), 'ignored');
      assert.equal(await judge('/repo/app/a.ts'), 'allowed');
      await new Promise((resolve) => setTimeout(resolve, 80_000));
      assert.equal(changes(), 1, 'when it was asked again');
      assert.equal(await judge('/repo/app/private/a.ts'), 'ignored');
    });
  });

  it('since they are too large keep what they may be about from the model', async () => {
    const { judge, log } = policyOver({ '/ws/src/.gitignore': '#'.repeat(1024 * 1024 + 1) });
    assert.equal(await judge('/ws/src/a.ts'), 'ignored');
    assert.equal(await judge('/ws/a.ts'), 'allowed');
    assert.match(log.join('\n'), /larger than 1048576 bytes/);
  });
});

describe('rules of a folder in place of another, of which VS Code tells nothing but the folder', () => {
  const outer = { '/ws/.gitignore': '*.gen.ts\n' };
  const cases: readonly (readonly [what: string, before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>])[] = [
    ['with ignore files', { '/ws/lib/src/a.ts': '' }, { '/ws/lib/src/.gitignore': 'a.ts\n' }],
    ['that is a repository', { '/ws/lib/src/a.ts': '' }, { '/ws/lib/.git/info/exclude': 'src/\n' }],
    ['of a repository', { '/ws/lib/.git/HEAD': '', '/ws/lib/src/a.ts': '' }, { '/ws/lib/.git/HEAD': '', '/ws/lib/.gitignore': '/src/a.ts\n' }],
  ];
  for (const [what, before, after] of cases) {
    for (const [toldAs, tell] of [['new', fake.created], ['changed', fake.changed]] as const) {
      it(`are read anew: one ${what}, told as ${toldAs}`, async () => {
        const { judge } = policyOver({ ...outer, ...before });
        assert.equal(await judge('/ws/lib/src/a.ts'), 'allowed');
        assert.equal(await judge('/ws/lib/src/a.gen.ts'), 'ignored');
        fake.files = new Map(Object.entries({ ...outer, ...after }));
        tell.fire(Uri.file('/ws/lib'));
        assert.equal(await judge('/ws/lib/src/a.ts'), 'ignored');
        assert.equal(await judge('/ws/lib/src/b.gen.ts'), 'ignored');
      });
    }
  }
});
