import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as vscode from 'vscode';
import './support/useFakeVscode.ts';
import { bringForward } from './support/bringForward.ts';
import { holdStat } from './support/holdStat.ts';
import { fake, Uri } from './support/vscode.ts';

const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');

const open: InstanceType<typeof DocumentPolicy>[] = [];
afterEach(() => {
  for (const policy of open.splice(0)) policy.dispose();
});

interface Policy {
  readonly judge: (file: string) => Promise<string>;
  /** Returns the verdict on an open document. */
  readonly check: (file: string) => Promise<string>;
  readonly log: string[];
  /** Returns how often the policy announced changed verdicts. */
  readonly changes: () => number;
}

function policyOver(files: Readonly<Record<string, string>>, folder = '/ws'): Policy {
  fake.open([folder], files);
  const log: string[] = [];
  const policy = new DocumentPolicy((line) => log.push(line));
  open.push(policy);
  let changes = 0;
  policy.onDidChange(() => changes++);
  const uriOf = (file: string): vscode.Uri => Uri.file(file) as unknown as vscode.Uri;
  return {
    judge: (file) => policy.judge(uriOf(file)),
    check: (file) => policy.check(uriOf(file)),
    log,
    changes: () => changes,
  };
}

describe('a document that is no file', () => {
  for (const scheme of ['output', 'git', 'vscode-settings', 'vscode-chat-code-block', 'http'])
    it(`stays in the window: ${scheme}`, async () => {
      policyOver({ '/ws/a.ts': '' });
      const uri = new Uri(scheme, '/ws/a.ts') as unknown as vscode.Uri;
      assert.deepEqual([await open.at(-1)?.judge(uri), await open.at(-1)?.check(uri)], ['scheme', 'scheme']);
    });
});

describe("rules that can't be read", () => {
  const cases: readonly (readonly [what: string, hanging: string, kept: string, allowed: string | undefined])[] = [
    ['of the workspace', '/ws/.gitignore', '/ws/a.ts', undefined],
    ['of a folder', '/ws/src/.chorusignore', '/ws/src/deep/a.ts', '/ws/a.ts'],
    ['of a repository', '/ws/library/.git', '/ws/library/a.ts', '/ws/a.ts'],
    ['of a whole folder that is gone', '/ws/gone', '/ws/gone/deep/a.ts', '/ws/a.ts'],
  ];
  for (const [what, hanging, kept, allowed] of cases) {
    it(`in time exclude all files that they may affect, with one line in the log: ${what}`, async () => {
      const { judge, log } = policyOver({ [kept]: '' });
      fake.hanging.add(hanging);
      assert.equal(await bringForward(() => judge(kept)), 'ignored');
      if (allowed !== undefined) assert.equal(await bringForward(() => judge(allowed)), 'allowed');
      assert.equal(log.length, 1);
      assert.match(log[0] ?? '', /can't be read.*TimeoutError/);
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

  it('in time are announced as changed only when they can be read', async () => {
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
  it('of a repository around the opened folder apply while it is unknown whether the folder is a repository', async () => {
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

  it('because they are too large exclude all files that they may affect', async () => {
    const { judge, log } = policyOver({ '/ws/src/.gitignore': '#'.repeat(1024 * 1024 + 1) });
    assert.equal(await judge('/ws/src/a.ts'), 'ignored');
    assert.equal(await judge('/ws/a.ts'), 'allowed');
    assert.match(log.join('\n'), /larger than 1048576 bytes/);
  });
});

describe('rules in a replaced folder, for which VS Code reports only the folder', () => {
  const outer = { '/ws/.gitignore': '*.gen.ts\n' };
  const cases: readonly (readonly [
    what: string,
    before: Readonly<Record<string, string>>,
    after: Readonly<Record<string, string>>,
  ])[] = [
    ['with ignore files', { '/ws/lib/src/a.ts': '' }, { '/ws/lib/src/.gitignore': 'a.ts\n' }],
    ['that is a repository', { '/ws/lib/src/a.ts': '' }, { '/ws/lib/.git/info/exclude': 'src/\n' }],
    [
      'of a repository',
      { '/ws/lib/.git/HEAD': '', '/ws/lib/src/a.ts': '' },
      { '/ws/lib/.git/HEAD': '', '/ws/lib/.gitignore': '/src/a.ts\n' },
    ],
  ];
  for (const [what, before, after] of cases) {
    for (const [toldAs, tell] of [
      ['new', fake.created],
      ['changed', fake.changed],
    ] as const) {
      it(`are read again in a folder ${what}, reported as ${toldAs}`, async () => {
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

describe('a link', () => {
  const files = {
    '/ws/.gitignore': 'out/\n',
    '/ws/.env': '',
    '/ws/out/a.ts': '',
    '/ws/out/config/b.ts': '',
    '/ws/a.ts': '',
    '/ws/src/b.ts': '',
    '/home/.ssh/id_rsa': '',
    '/home/.aws/config': '',
    '/other/a.ts': '',
    '/clone/.git/HEAD': '',
    '/clone/.gitignore': '/private/\n',
    '/clone/private/a.ts': '',
  };
  const cases: readonly (readonly [what: string, link: string, target: string, file: string, verdict: string])[] = [
    ['to a secret', '/ws/config.txt', '/ws/.env', '/ws/config.txt', 'secret'],
    ['to a secret outside of the workspace', '/ws/key.txt', '/home/.ssh/id_rsa', '/ws/key.txt', 'secret'],
    ['to an ignored file', '/ws/b.ts', '/ws/out/a.ts', '/ws/b.ts', 'ignored'],
    ['to a folder in an ignored one', '/ws/config', '/ws/out/config', '/ws/config/b.ts', 'ignored'],
    ['to a folder of secrets', '/ws/cloud', '/home/.aws', '/ws/cloud/config', 'secret'],
    ['to a folder that contains a secret', '/ws/same', '/ws', '/ws/same/.env', 'secret'],
    ['to a file that its own repository ignores', '/ws/b.ts', '/clone/private/a.ts', '/ws/b.ts', 'ignored'],
    ['from outside the workspace to a secret in it', '/other/b.ts', '/ws/.env', '/other/b.ts', 'secret'],
    ['with an ignored name to another file', '/ws/out/b.ts', '/ws/a.ts', '/ws/out/b.ts', 'ignored'],
    ['to another file', '/ws/b.ts', '/ws/src/b.ts', '/ws/b.ts', 'allowed'],
    ['to a file outside of the workspace', '/ws/b.ts', '/other/a.ts', '/ws/b.ts', 'allowed'],
    ['without a target', '/ws/b.ts', '/nowhere/.env', '/ws/b.ts', 'allowed'],
  ];
  for (const [what, link, target, file, verdict] of cases) {
    it(`${what} is ${verdict}, by its name and its target`, async () => {
      const { judge, check } = policyOver(files);
      fake.links.set(link, target);
      assert.deepEqual([await judge(file), await check(file)], [verdict, verdict]);
    });
  }

  it('to a link is judged by the final target', async () => {
    const { judge } = policyOver(files);
    fake.links.set('/ws/b.ts', '/ws/c.ts').set('/ws/c.ts', '/ws/.env');
    assert.equal(await judge('/ws/b.ts'), 'secret');
  });

  it('of the workspace folder excludes exactly the files that the rules in it exclude', async () => {
    const { judge } = policyOver({ '/disk/ws/.gitignore': 'out/\n', '/disk/ws/out/a.ts': '', '/disk/ws/a.ts': '' });
    fake.links.set('/ws', '/disk/ws');
    assert.deepEqual([await judge('/ws/out/a.ts'), await judge('/ws/a.ts')], ['ignored', 'allowed']);
  });

  it('that is a notebook excludes its cells', async () => {
    policyOver({ ...files, '/ws/out/c.ipynb': '' });
    fake.links.set('/ws/c.ipynb', '/ws/out/c.ipynb');
    const uri = new Uri('vscode-notebook-cell', '/ws/c.ipynb');
    fake.notebooks = [{ uri: Uri.file('/ws/c.ipynb'), getCells: () => [{ document: { uri } }] }];
    assert.equal(await open.at(-1)?.judge(uri as unknown as vscode.Uri), 'ignored');
  });

  it('is not followed on the file systems of other machines', async () => {
    fake.open(['/ws'], files);
    fake.links.set('/ws/b.ts', '/ws/.env');
    const policy = new DocumentPolicy(() => undefined);
    open.push(policy);
    assert.equal(await policy.judge(new Uri('vscode-remote', '/ws/b.ts') as unknown as vscode.Uri), 'allowed');
  });

  it('whose disk does not answer in time is excluded, and judged again when it does', async () => {
    const { check, changes } = policyOver(files);
    fake.links.set('/ws/b.ts', '/other/a.ts');
    fake.hanging.add('/ws/b.ts');
    await bringForward(async () => {
      assert.equal(await check('/ws/b.ts'), 'ignored');
      fake.hanging.clear();
      await new Promise((resolve) => setTimeout(resolve, 80_000));
      assert.deepEqual([await check('/ws/b.ts'), changes()], ['allowed', 1]);
    });
  });

  const places: readonly (readonly [what: string, link: string, target: string, file: string])[] = [
    ['an open document', '/ws/a.ts', '/ws/.env', '/ws/a.ts'],
    ['a folder with an open document', '/ws/src', '/ws/out/config', '/ws/src/b.ts'],
  ];
  for (const [what, link, target, file] of places) {
    for (const [toldAs, tell] of [
      ['new', fake.created],
      ['changed', fake.changed],
    ] as const) {
      it(`in place of ${what}, reported as ${toldAs}, is judged and announced once`, async () => {
        const { check, changes } = policyOver(files);
        assert.equal(await check(file), 'allowed');
        tell.fire(Uri.file(link));
        await nextTurn();
        assert.equal(changes(), 0, 'nothing is another');
        fake.links.set(link, target);
        tell.fire(Uri.file(link));
        assert.notEqual(await check(file), 'allowed');
        await nextTurn();
        assert.equal(changes(), 1);
      });
    }
  }
});

describe('rules that change while a document is judged', () => {
  it('determine its verdict', async (test) => {
    const { check } = policyOver({ '/ws/.git/info/exclude': '' });
    const goOn = holdStat(test, '/ws/.git/info/exclude');
    const verdict = check('/ws/a.ts');
    await nextTurn();
    fake.files.set('/ws/.gitignore', 'a.ts\n');
    open.at(-1)?.rulesAppeared();
    goOn();
    assert.equal(await verdict, 'ignored');
  });
});

describe('a repository outside the workspace', () => {
  const files = {
    '/ws/a.ts': '',
    '/clone/.git/HEAD': '',
    '/clone/.gitignore': 'private/\n',
    '/clone/a.ts': '',
    '/clone/b.ts': '',
    '/other/.git/HEAD': '',
    '/other/a.ts': '',
  };
  const isWatched = (root: string): boolean => fake.watched.includes(root);
  const close = (file: string): void => fake.closed.fire({ uri: Uri.file(file) });

  it('is watched while a document in it is open', async () => {
    const { check } = policyOver(files);
    for (const file of ['/ws/a.ts', '/clone/a.ts', '/clone/b.ts', '/other/a.ts'])
      assert.equal(await check(file), 'allowed');
    assert.deepEqual([isWatched('/clone'), isWatched('/other')], [true, true]);
    close('/clone/a.ts');
    assert.deepEqual([isWatched('/clone'), isWatched('/other')], [true, true]);
    close('/clone/b.ts');
    assert.deepEqual([isWatched('/clone'), isWatched('/other')], [false, true]);
  });

  it('has its rules read again when a document in it is opened again', async () => {
    const { check } = policyOver(files);
    assert.equal(await check('/clone/a.ts'), 'allowed');
    close('/clone/a.ts');
    fake.files.set('/clone/.gitignore', 'a.ts\n');
    assert.equal(await check('/clone/a.ts'), 'ignored');
    assert.equal(isWatched('/clone'), true);
  });

  it('is watched as long as the workspace has a link to it', async () => {
    const { judge, check } = policyOver(files);
    fake.links.set('/ws/b.ts', '/clone/b.ts');
    assert.equal(await judge('/ws/b.ts'), 'allowed');
    assert.equal(await check('/ws/a.ts'), 'allowed');
    close('/ws/a.ts');
    assert.equal(isWatched('/clone'), true);
  });

  it('is not watched after the window is closed', async () => {
    const before = fake.watched.length;
    const { check } = policyOver(files);
    await check('/clone/a.ts');
    open.splice(-1)[0]?.dispose();
    assert.equal(fake.watched.length, before);
  });
});
