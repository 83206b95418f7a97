import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import type { FileSource } from '../../../sidecar/workspaceIndex/fileSource.ts';
import type { SkippedFiles } from '../../../sidecar/protocol/client.ts';
import { FilesInMemory } from './filesInMemory.ts';
import { CART, MAIL, snippetsOf, started, thread, workspaceOf } from './startedWorkspace.ts';

after(() => thread.dispose());

const failure = async (): Promise<never> => {
  throw new Error('gone');
};

/** Ten files on pages of five. Some files of each page are left out. */
function leavingOut(): FileSource {
  const source = new FilesInMemory(
    Object.fromEntries(Array.from({ length: 10 }, (_, number) => [`f${number}.py`, number % 5 < 2 ? CART : ''])),
    5,
  );
  const [list, read] = [source.list.bind(source), source.read.bind(source)];
  return Object.assign(source, {
    list: async (page?: number) => ({
      ...(await list(page)),
      skipped: page === undefined ? { links: 2 } : { tooDeep: 1 },
    }),
    read: async (uris: readonly string[]) => {
      const files = (await read(uris)).files.filter(({ text }) => text !== '');
      return {
        files,
        remaining: [],
        skipped: uris.some((uri) => uri.endsWith('f0.py'))
          ? { tooLarge: 2, binary: 1 }
          : { tooLarge: 1, binary: 1, unreadable: 1 },
      };
    },
  });
}

describe('a workspace that fails', () => {
  const unreadable = (skipped?: SkippedFiles): FileSource =>
    Object.assign(new FilesInMemory({ 'a.py': CART, 'b.py': MAIL }), {
      read: async () => ({ files: [{ uri: FilesInMemory.uri('b.py'), text: MAIL }], remaining: [], skipped }),
    });
  const read = (files: number): string => `index: ${files} files in some ms`;
  const faults: readonly {
    readonly it: string;
    readonly source: () => FileSource;
    readonly files: number;
    readonly log: readonly string[];
  }[] = [
    {
      it: 'vanishes before it is listed',
      source: () => Object.assign(new FilesInMemory({}), { list: failure }),
      files: 0,
      log: ['index: stopped at 0 files (Error)'],
    },
    {
      it: 'vanishes before it is read',
      source: () => Object.assign(new FilesInMemory({ 'a.py': CART }), { read: failure }),
      files: 0,
      log: ['index: stopped at 0 files (Error)'],
    },
    {
      it: 'reads no file',
      source: () =>
        Object.assign(new FilesInMemory({ 'a.py': CART }), {
          read: async (uris: readonly string[]) => ({ files: [], remaining: uris }),
        }),
      files: 0,
      log: [read(0), 'index: skipped 1 file: 1 not given'],
    },
    {
      it: 'has a file that can’t be read',
      source: () => unreadable({ unreadable: 1 }),
      files: 1,
      log: [read(1), 'index: skipped 1 file: 1 unreadable'],
    },
    {
      it: 'has a file that can’t be read, without a reason',
      source: () => unreadable(),
      files: 1,
      log: [read(1), 'index: skipped 1 file: 1 not given'],
    },
    {
      it: 'has a file of one endless line',
      source: () => new FilesInMemory({ 'a.js': 'x'.repeat(900_000), 'b.py': CART }),
      files: 1,
      log: [read(1), 'index: skipped 1 file: 1 with endless lines'],
    },
    {
      it: 'has a text that is too large',
      source: () => new FilesInMemory({ 'a.js': 'x'.repeat(1_100_000), 'b.py': CART }),
      files: 1,
      log: [read(1), 'index: skipped 1 file: 1 too large'],
    },
    {
      it: 'leaves out many files',
      source: leavingOut,
      files: 4,
      log: [
        read(4),
        'index: skipped 6 files: 3 too large, 2 binary, 1 unreadable; 2 links not followed; 1 folder too deep',
      ],
    },
  ];
  for (const { it: says, source, files, log } of faults) {
    it(`${says}, and serves completions`, async () => {
      const { workspace, lines } = workspaceOf(source());
      workspace.start();
      await workspace.whenReady();
      assert.deepEqual(workspace.state, { state: 'ready', files });
      await snippetsOf(workspace);
      assert.deepEqual(
        lines.map((line) => line.replace(/\d+ ms$/, 'some ms')),
        log,
      );
      assert.doesNotMatch(lines.join(), /rebate|\.py/, 'no log holds code or names');
    });
  }

  it('answers the next request after a failure of the index', async () => {
    const workspace = await started(new FilesInMemory({ 'shop/cart.py': CART }));
    await assert.rejects(
      thread.ask('put', {
        workspace: 'other',
        files: [{ uri: 'u', path: 'p', text: null as unknown as string, revision: 0 }],
      }),
      { name: 'IndexError' },
    );
    assert.match((await snippetsOf(workspace)).text, /def rebate_for/);
  });
});
