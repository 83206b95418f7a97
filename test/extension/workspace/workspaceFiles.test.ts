import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import type { SkippedFiles } from '../../../sidecar/protocol/client.ts';
import '../documents/support/useFakeVscode.ts';
import { bringForward } from '../documents/support/bringForward.ts';
import { fake, Uri } from '../documents/support/vscode.ts';

const { DocumentPolicy } = await import('../../../extension/documents/documentPolicy.ts');
const { WorkspaceFiles } = await import('../../../extension/workspace/workspaceFiles.ts');

interface Case {
  readonly what: string;
  /** Path → ignore rules. A `.git` makes a repository. */
  readonly rules: Readonly<Record<string, string>>;
  readonly folders?: readonly string[];
  readonly kept: readonly string[];
  readonly allowed: readonly string[];
}

const cases: readonly Case[] = [
  {
    what: 'a clone that the workspace ignores',
    rules: { '/ws/.git/HEAD': '', '/ws/.gitignore': '/customer-x/\n', '/ws/customer-x/.git/HEAD': '' },
    kept: ['/ws/customer-x/a.ts', '/ws/customer-x/src/b.ts'],
    allowed: ['/ws/own.ts'],
  },
  {
    what: 'a linked worktree that the workspace ignores',
    rules: { '/ws/.git/HEAD': '', '/ws/.chorusignore': 'trees/\n', '/ws/trees/x/.git': 'gitdir: /ws/.git/worktrees/x' },
    kept: ['/ws/trees/x/a.ts'],
    allowed: ['/ws/own.ts'],
  },
  {
    what: 'a folder that a workspace of several repositories ignores',
    rules: { '/ws/.chorusignore': 'internal/\n', '/ws/a/.git/HEAD': '', '/ws/b/.git/HEAD': '' },
    kept: ['/ws/a/internal/a.ts', '/ws/b/src/internal/b.ts'],
    allowed: ['/ws/a/src/a.ts'],
  },
  {
    what: 'files that a repository in the workspace ignores',
    rules: { '/ws/a/.git/HEAD': '', '/ws/a/.gitignore': '/out/\n' },
    kept: ['/ws/a/out/a.ts'],
    allowed: ['/ws/out/a.ts', '/ws/a/src/out/a.ts'],
  },
  {
    what: 'files that a repository in between ignores',
    rules: { '/ws/a/.git/HEAD': '', '/ws/a/.gitignore': 'gen.ts\n', '/ws/a/b/.git/HEAD': '' },
    kept: ['/ws/a/b/gen.ts'],
    allowed: ['/ws/gen.ts', '/ws/a/b/a.ts'],
  },
  {
    what: 'files that a nested repository would re-include',
    rules: { '/ws/.chorusignore': '*.key.ts\n', '/ws/a/.git/HEAD': '', '/ws/a/.gitignore': '!own.key.ts\n' },
    kept: ['/ws/a/own.key.ts'],
    allowed: ['/ws/a/a.ts'],
  },
  {
    what: 'files in the excludes of either repository',
    rules: { '/ws/.git/info/exclude': 'notes/\n', '/ws/a/.git/info/exclude': 'plans/\n' },
    kept: ['/ws/a/notes/a.md', '/ws/a/plans/a.md'],
    allowed: ['/ws/plans/a.md'],
  },
  {
    what: 'files that the repository around the workspace ignores',
    rules: { '/ws/.git/HEAD': '', '/ws/.gitignore': '/app/out/\n' },
    folders: ['/ws/app'],
    kept: ['/ws/app/out/a.ts'],
    allowed: ['/ws/app/a.ts'],
  },
  {
    what: 'no file of a repository that is opened itself, whatever is around it',
    rules: { '/ws/.git/HEAD': '', '/ws/.gitignore': '/customer-x/\n', '/ws/customer-x/.git/HEAD': '' },
    folders: ['/ws/customer-x'],
    kept: [],
    allowed: ['/ws/customer-x/a.ts'],
  },
];

/** Opens a workspace with these files. A skipped file becomes a line of `log`. */
function open(
  folders: readonly string[],
  files: Readonly<Record<string, string>>,
): { files: InstanceType<typeof WorkspaceFiles>; log: string[] } {
  fake.open(folders, files);
  const log: string[] = [];
  const note = (line: string): void => void log.push(line);
  return { files: new WorkspaceFiles(new DocumentPolicy(note), note), log };
}

describe('files of the workspace', () => {
  for (const { what, rules, folders = ['/ws'], kept, allowed } of cases) {
    it(`are neither listed, reported as changed, nor read: ${what}`, async () => {
      const sources = [...kept, ...allowed].sort();
      const { files } = open(folders, { ...rules, ...Object.fromEntries(sources.map((file) => [file, 'text'])) });
      const uris = sources.map((file) => Uri.file(file) as unknown as vscode.Uri);
      const expected = [...allowed].sort().map((file) => `file://${file}`);
      const has = await Promise.all(uris.map((uri) => files.has(uri)));
      const listed = (await files.list(undefined)).files.map(({ uri }) => uri);
      const read = (await files.read(uris.map(String))).files.map(({ uri }) => uri);
      assert.deepEqual(uris.filter((_uri, index) => has[index]).map(String), expected, 'changed');
      assert.deepEqual(
        listed.filter((uri) => uris.some((source) => uri === String(source))).sort(),
        expected,
        'listed',
      );
      assert.deepEqual(read, expected, 'read');
    });
  }

  for (const [what, hanging] of [
    ['folder', '/ws/gone'],
    ['file', '/ws/gone/a.ts'],
  ] as const) {
    it(`are listed and read without a ${what} that does not answer, with a line in the log`, async () => {
      const { files, log } = open(['/ws'], { '/ws/a.ts': 'a', '/ws/gone/a.ts': 'gone', '/ws/z.ts': 'z' });
      fake.hanging.add(hanging);
      const uris = ['/ws/a.ts', '/ws/gone/a.ts', '/ws/z.ts'].map((file) => `file://${file}`);
      const listed = await bringForward(() => files.list(undefined));
      assert.deepEqual(
        listed.files
          .map(({ uri }) => uri)
          .filter((uri) => uri !== uris[1])
          .sort(),
        [uris[0], uris[2]],
      );
      const read = await bringForward(() => files.read(uris));
      assert.deepEqual(
        [read.files, read.remaining],
        [
          [
            { uri: uris[0], text: 'a' },
            { uri: uris[2], text: 'z' },
          ],
          [],
        ],
      );
      assert.match(log.join('\n'), /TimeoutError/);
    });
  }

  const MIB = 1024 * 1024;
  const skips: readonly {
    readonly what: string;
    readonly files: Readonly<Record<string, string>>;
    readonly put: () => void;
    readonly skipped: SkippedFiles;
    readonly log?: RegExp;
  }[] = [
    {
      what: 'a link back to a folder around it',
      files: {},
      put: () => fake.links.set('/ws/src/loop', '/ws'),
      skipped: { links: 1 },
    },
    {
      what: 'a link to a folder elsewhere',
      files: { '/other/secret.ts': 'secret' },
      put: () => fake.links.set('/ws/other', '/other'),
      skipped: { links: 1 },
    },
    {
      what: 'a link to a file',
      files: { '/other/secret.ts': 'secret' },
      put: () => fake.links.set('/ws/b.ts', '/other/secret.ts'),
      skipped: { links: 1 },
    },
    {
      what: 'a link without a target',
      files: {},
      put: () => fake.links.set('/ws/b.ts', '/nowhere'),
      skipped: { links: 1 },
    },
    {
      what: 'links that would be left out anyway',
      files: { '/other/a.js': '' },
      put: () => void fake.links.set('/ws/node_modules', '/other').set('/ws/b.png', '/other/a.js'),
      skipped: {},
    },
    {
      what: 'a folder that may not be read',
      files: { '/ws/closed/b.ts': 'b' },
      put: () => fake.forbidden.add('/ws/closed'),
      skipped: {},
      log: /^A folder of the workspace was left out: NoPermissions \(FileSystemError\)$/,
    },
    {
      what: 'a file that may not be read',
      files: { '/ws/b.ts': 'b' },
      put: () => fake.forbidden.add('/ws/b.ts'),
      skipped: { unreadable: 1 },
    },
    {
      what: 'a sparse file',
      files: { '/ws/b.ts': '' },
      put: () => fake.sizes.set('/ws/b.ts', 200 * MIB),
      skipped: { tooLarge: 1 },
    },
    {
      what: 'files that are too large, and binary ones',
      files: { '/ws/b.ts': 'x'.repeat(MIB + 1), '/ws/c.ts': 'x'.repeat(MIB + 1), '/ws/d.ts': 'x\0' },
      put: () => undefined,
      skipped: { tooLarge: 2, binary: 1 },
    },
    {
      what: 'an invalid notebook',
      files: { '/ws/b.ipynb': '[]' },
      put: () => undefined,
      skipped: { unreadable: 1 },
    },
    {
      what: 'folders that lie too deep',
      files: { [`/ws${'/deep'.repeat(41)}/b.ts`]: 'b' },
      put: () => undefined,
      skipped: { tooDeep: 1 },
    },
  ];
  for (const { what, files, put, skipped, log: expected } of skips) {
    it(`are listed and read without ${what}, and the sidecar learns how many were left out`, async () => {
      const { files: workspace, log } = open(['/ws'], { '/ws/a.ts': 'a', '/ws/src/z.ts': 'z', ...files });
      put();
      const listed = await workspace.list(undefined);
      assert.ok(!listed.files.some(({ uri }) => fake.links.has(uri.replace('file://', ''))), 'a link is not listed');
      const read = await workspace.read(listed.files.map(({ uri }) => uri));
      assert.deepEqual(read.files.map(({ uri }) => uri).sort(), ['file:///ws/a.ts', 'file:///ws/src/z.ts']);
      assert.deepEqual({ ...listed.skipped, ...read.skipped }, skipped);
      assert.equal(log.length, expected === undefined ? 0 : 1);
      if (expected !== undefined) assert.match(log[0] ?? '', expected);
    });
  }

  it('are not read at all if they are too large', async () => {
    const { files } = open(['/ws'], { '/ws/a.ts': 'a', '/ws/b.ts': '' });
    fake.sizes.set('/ws/b.ts', 200 * MIB);
    await files.read(['file:///ws/a.ts', 'file:///ws/b.ts']);
    assert.deepEqual(
      fake.read.filter((path) => path.endsWith('.ts')),
      ['/ws/a.ts'],
    );
  });

  it("of notebooks are read with their kernel's language", async () => {
    const { files } = open(['/ws'], {
      '/ws/a.ipynb': JSON.stringify({
        cells: [{ cell_type: 'code', source: 'x <- 1' }],
        metadata: { kernelspec: { language: 'R' } },
      }),
    });
    assert.deepEqual((await files.read(['file:///ws/a.ipynb'])).files, [
      { uri: 'file:///ws/a.ipynb', text: 'x <- 1', languageId: 'r' },
    ]);
  });

  it('are not read through a link that replaced them', async () => {
    const { files } = open(['/ws'], { '/other/secret.ts': 'secret' });
    fake.links.set('/ws/a.ts', '/other/secret.ts');
    assert.deepEqual(await files.read(['file:///ws/a.ts']), { files: [], remaining: [], skipped: { links: 1 } });
  });

  it('are not read through a link to a folder that the rules exclude', async () => {
    const { files } = open(['/ws'], { '/ws/.gitignore': 'out/\n', '/ws/out/a.ts': 'ignored', '/ws/src/a.ts': 'a' });
    fake.links.set('/ws/one', '/ws/out').set('/ws/other', '/ws/src');
    assert.deepEqual((await files.read(['file:///ws/one/a.ts', 'file:///ws/other/a.ts'])).files, [
      { uri: 'file:///ws/other/a.ts', text: 'a' },
    ]);
  });

  it('are counted anew in each listing', async () => {
    const { files } = open(['/ws'], { '/ws/a.ts': 'a' });
    fake.links.set('/ws/loop', '/ws');
    assert.deepEqual((await files.list(undefined)).skipped, { links: 1 });
    assert.deepEqual((await files.list(undefined)).skipped, { links: 1 });
  });
});
