import assert from 'node:assert/strict';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, beforeEach, describe, it } from 'node:test';
import { execa } from 'execa';
import { chunkFileBytes, openChunk, sealChunk } from '../../../sidecar/keptContexts/chunkFile.ts';
import { CHUNK_TOKENS, chunkNames } from '../../../sidecar/keptContexts/chunkNames.ts';
import { ContextStore } from '../../../sidecar/keptContexts/contextStore.ts';
import type { ContextSet } from '../../../sidecar/protocol/engine.ts';

const ROWS_BYTES = 10_000;
const FILE_BYTES = chunkFileBytes(ROWS_BYTES);
const tokens = (count: number, first = 0): number[] => Array.from({ length: count }, (_, index) => first + index);

/** The rows of a chunk that a test can tell from all others. */
function rowsOf(name: string): Uint8Array {
  return Uint8Array.from({ length: ROWS_BYTES }, (_, index) => (index * 31 + parseInt(name.slice(0, 2), 16)) % 251);
}

async function fileOf(name: string): Promise<Uint8Array> {
  const chunk = openChunk(name, ROWS_BYTES);
  chunk.rows.set(rowsOf(name));
  return sealChunk(chunk);
}

describe('names of chunks', () => {
  const names = chunkNames('model', tokens(3 * CHUNK_TOKENS + 5));

  it('are others for every token there may be', () => {
    const last = [0, 255, 65_535, 65_536, 2 ** 31 - 1].map(
      (token) => chunkNames('model', [...tokens(CHUNK_TOKENS - 1), token])[0],
    );
    assert.equal(new Set(last).size, last.length);
  });

  it('are given to whole chunks alone', () => assert.equal(names.length, 3));

  it('stay for what comes before a change, and change for all that comes after', () => {
    const edited = tokens(3 * CHUNK_TOKENS);
    edited[CHUNK_TOKENS + 7] = 99_999;
    const other = chunkNames('model', edited);
    assert.deepEqual(
      other.map((name, index) => name === names[index]),
      [true, false, false],
    );
  });

  it('are others for another model', () =>
    assert.notEqual(chunkNames('another model', tokens(CHUNK_TOKENS))[0], names[0]));
});

describe('contexts on disk', () => {
  let folder: string;
  let lines: string[];
  let store: ContextStore;
  let set: ContextSet;
  const names = chunkNames('model', tokens(4 * CHUNK_TOKENS));
  const [first, second] = names as [string, string, ...string[]];
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-contexts-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    lines = [];
    store = new ContextStore((line) => lines.push(line));
    set = { folder: await mkdtemp(path.join(folder, 'sets-')), name: 'one', maxBytes: 1e9 };
  });

  const pathOf = (name: string): string => path.join(set.folder, set.name, `${name}.rows`);
  const filesThere = async (name = set.name): Promise<string[]> => (await readdir(path.join(set.folder, name))).sort();

  const rowsRead = async (name: string): Promise<Uint8Array> =>
    Uint8Array.from((await store.read(set, name, ROWS_BYTES)) ?? []);

  async function written(wanted: readonly string[] = names): Promise<void> {
    for (const index of await store.prepare(set, wanted, ROWS_BYTES))
      assert.ok(await store.write(set, wanted[index] as string, await fileOf(wanted[index] as string)));
  }

  it('are read as they were written, by another process too', async () => {
    await written();
    for (const name of names) assert.deepEqual(await rowsRead(name), rowsOf(name));
    const script = `
      import { ContextStore } from ${JSON.stringify(new URL('../../../sidecar/keptContexts/contextStore.ts', import.meta.url).href)};
      const rows = await new ContextStore(console.error).read(${JSON.stringify(set)}, ${JSON.stringify(second)}, ${ROWS_BYTES});
      process.stdout.write(Buffer.from(rows).toString('hex'));`;
    const { stdout } = await execa(process.execPath, [
      '--import',
      import.meta.resolve('tsx'),
      '--input-type=module',
      '--eval',
      script,
    ]);
    assert.equal(stdout, Buffer.from(rowsOf(second)).toString('hex'));
    assert.deepEqual(lines, []);
  });

  it('are not there before they are written, without a word', async () => {
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.deepEqual(lines, []);
  });

  it('are not written twice', async () => {
    await written(names.slice(0, 2));
    assert.deepEqual(await store.prepare(set, names, ROWS_BYTES), [2, 3]);
  });

  it('are of this user alone', { skip: process.platform === 'win32' }, async () => {
    await written();
    assert.equal((await stat(path.join(set.folder, set.name))).mode & 0o777, 0o700);
    assert.equal((await stat(pathOf(first))).mode & 0o777, 0o600);
  });

  const faults: readonly { readonly name: string; readonly damage: (file: Buffer) => Buffer; readonly says: RegExp }[] =
    [
      { name: 'empty', damage: () => Buffer.alloc(0), says: /fewer than its head/ },
      { name: 'cut off in its head', damage: (file) => file.subarray(0, 40), says: /fewer than its head/ },
      { name: 'cut off in its rows', damage: (file) => file.subarray(0, 5_000), says: /has 5000 bytes, expected/ },
      { name: 'without its last byte', damage: (file) => file.subarray(0, -1), says: /bytes, expected/ },
      { name: 'longer than it was', damage: (file) => Buffer.concat([file, Buffer.alloc(1)]), says: /bytes, expected/ },
      { name: 'of another version', damage: (file) => (file.writeUInt32LE(2, 8), file), says: /version 2, expected 1/ },
      { name: 'no such file at all', damage: () => Buffer.from('x'.repeat(FILE_BYTES)), says: /no kept context/ },
      {
        name: 'of rows of another size',
        damage: (file) => (file.writeBigUInt64LE(77n, 16), file),
        says: /77 bytes, expected/,
      },
      ...[24, 60, 64, 5_000, FILE_BYTES - 40, FILE_BYTES - 1].map((at) => ({
        name: `with byte ${at} changed by one bit`,
        damage: (file: Buffer): Buffer => {
          file[at] = (file[at] as number) ^ 4;
          return file;
        },
        says: /checksum|another model|expected/,
      })),
    ];
  for (const { name, damage, says } of faults) {
    it(`are not there where the file is ${name}: it goes, the log hears one line, the rest stays`, async () => {
      await written();
      await writeFile(pathOf(first), damage(await readFile(pathOf(first))));
      assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
      assert.equal(lines.length, 1);
      assert.match(lines[0] as string, says);
      assert.equal((await filesThere()).length, names.length - 1);
      assert.deepEqual(await rowsRead(second), rowsOf(second));
      assert.deepEqual(await store.prepare(set, names, ROWS_BYTES), [0], 'and is written again');
    });
  }

  it('are not there where a file took the name of another', async () => {
    await written();
    await rename(pathOf(second), pathOf(first));
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.match(lines.join(), /of another model or context/);
  });

  it(
    'are not there where a file can not be read',
    { skip: process.platform === 'win32' || process.getuid?.() === 0 },
    async () => {
      await written();
      await chmod(pathOf(first), 0);
      assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
      assert.match(lines.join(), /EACCES/);
    },
  );

  it('are not there where a folder has the name', async () => {
    await written([first]);
    await rm(pathOf(first));
    await mkdir(pathOf(first));
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.equal(lines.length, 1);
    assert.deepEqual(await filesThere(), []);
  });

  it('are not there where a file is larger than any that is read into memory', async () => {
    await written();
    await truncate(pathOf(first), 3 * 2 ** 30);
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.match(lines.join(), /has 3221225472 bytes, expected/);
    assert.equal((await filesThere()).length, names.length - 1);
  });

  it(
    'are not there where a pipe that nobody writes to has the name',
    { skip: process.platform === 'win32' },
    async () => {
      await written([first]);
      await rm(pathOf(first));
      await execa('mkfifo', [pathOf(first)]);
      assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
      assert.match(lines.join(), /is no file/);
      assert.deepEqual(await filesThere(), []);
    },
  );

  describe('leave nothing behind', () => {
    /**
     * Writes chunks in a process that a shell starts; prints what the log hears, what came of each, and what is there
     * then.
     */
    async function writeIn(shell: readonly string[], attempts: number): Promise<string> {
      const script = `
        import { mkdir, readdir } from 'node:fs/promises';
        import { ContextStore } from ${JSON.stringify(new URL('../../../sidecar/keptContexts/contextStore.ts', import.meta.url).href)};
        const set = ${JSON.stringify(set)};
        const store = new ContextStore((line) => console.log(line));
        await mkdir(set.folder + '/' + set.name, { recursive: true });
        for (let attempt = 0; attempt < ${attempts}; attempt++) console.log(await store.write(set, ${JSON.stringify(first)}, Buffer.alloc(${FILE_BYTES})));
        console.log((await readdir(set.folder + '/' + set.name)).length);`;
      const [command, ...parts] = shell;
      return (
        await execa(command as string, [
          ...parts,
          process.execPath,
          '--import',
          import.meta.resolve('tsx'),
          '--input-type=module',
          '--eval',
          script,
        ])
      ).stdout;
    }

    it('where a file can not grow', { skip: process.platform === 'win32' }, async () => {
      const output = await writeIn(['sh', '-c', 'ulimit -f 4; exec "$@"', 'sh'], 1);
      assert.equal(output, 'A context could not be kept: EFBIG.\nfalse\n0');
    });

    it('where the disk is full; the log hears of it once', async (test) => {
      const mounted = [
        'unshare',
        '-rm',
        'sh',
        '-c',
        `mount -t tmpfs -o size=8k tmpfs "${set.folder}" && exec "$@"`,
        'sh',
      ];
      const { failed } = await execa(mounted[0] as string, [...mounted.slice(1), 'true'], { reject: false });
      if (failed) return test.skip('this system lets no test mount a disk of its own');
      assert.equal(await writeIn(mounted, 2), 'A context could not be kept: ENOSPC.\nfalse\nfalse\n0');
    });
  });

  it('lose what processes left that died while they wrote, and not what one is writing', async () => {
    await written();
    const [stale, future, fresh] = ['stale', 'future', 'fresh'].map((name) =>
      path.join(set.folder, set.name, `${first}.${name}.tmp`),
    ) as [string, string, string];
    await writeFile(stale, 'x');
    await utimes(stale, new Date(), new Date(Date.now() - 10 * 60_000));
    // The clock was set back since.
    await writeFile(future, 'x');
    await utimes(future, new Date(), new Date(Date.now() + 365 * 86_400_000));
    await writeFile(fresh, 'x');
    await store.prepare(set, names, ROWS_BYTES);
    const there = await filesThere();
    assert.ok(!there.includes(path.basename(stale)));
    assert.ok(!there.includes(path.basename(future)));
    assert.ok(there.includes(path.basename(fresh)));
  });

  describe('stay within their bound', () => {
    const other = chunkNames('other', tokens(4 * CHUNK_TOKENS));
    const age = (name: string, seconds: number): Promise<void> =>
      utimes(pathOf(name), new Date(), new Date(Date.now() - seconds * 1_000));

    it('of all sets together: what was not used for longest goes, of one context the last tokens first', async () => {
      set = { ...set, maxBytes: 6 * FILE_BYTES };
      await written();
      for (const [index, name] of names.entries()) await age(name, 100 + index);
      const here = set;
      set = { ...set, name: 'two' };
      await written(other);
      assert.equal((await filesThere('two')).length, 4);
      assert.deepEqual(
        await filesThere(here.name),
        names
          .slice(0, 2)
          .map((name) => `${name}.rows`)
          .sort(),
      );
    });

    it('what is dated in the future, since the clock was set back, goes first', async () => {
      set = { ...set, maxBytes: 4 * FILE_BYTES };
      await written(names.slice(0, 2));
      await written(other.slice(0, 2));
      for (const name of names.slice(0, 2)) await age(name, -365 * 86_400);
      const third = chunkNames('third', tokens(2 * CHUNK_TOKENS));
      await written(third);
      assert.deepEqual(await filesThere(), [...other.slice(0, 2), ...third].map((name) => `${name}.rows`).sort());
    });

    it('what is read again stays', async () => {
      set = { ...set, maxBytes: 6 * FILE_BYTES };
      await written();
      for (const name of names) await age(name, 100);
      await written(other.slice(0, 2));
      for (const name of other.slice(0, 2)) await age(name, 50);
      await store.touch(set, names);
      const third = chunkNames('third', tokens(2 * CHUNK_TOKENS));
      await written(third);
      assert.deepEqual(await filesThere(), [...names, ...third].map((name) => `${name}.rows`).sort());
    });

    it('where the clock was put back a little: what seems to be used later than the context that is written goes before it', async () => {
      set = { ...set, maxBytes: 6 * FILE_BYTES };
      await written(other);
      for (const name of other) await age(name, -30);
      set = { ...set, name: 'two' };
      await written();
      assert.deepEqual(await filesThere('two'), names.map((name) => `${name}.rows`).sort());
      assert.equal((await filesThere('one')).length, 2);
      await written();
      set = { ...set, maxBytes: 4 * FILE_BYTES };
      assert.deepEqual(await store.prepare(set, names, ROWS_BYTES), []);
      assert.deepEqual(await filesThere('one'), []);
    });

    it('also where one context is larger: its first tokens are kept', async () => {
      set = { ...set, maxBytes: 3 * FILE_BYTES + 10 };
      await written();
      assert.deepEqual(
        await filesThere(),
        names
          .slice(0, 3)
          .map((name) => `${name}.rows`)
          .sort(),
      );
    });

    it('also where a folder has the name of a file that would go', async () => {
      await written();
      const folderThere = path.join(set.folder, set.name, `${'0'.repeat(64)}.rows`);
      await mkdir(folderThere);
      await utimes(folderThere, new Date(), new Date(Date.now() - 1_000_000));
      set = { ...set, name: 'two', maxBytes: 2 * FILE_BYTES };
      assert.deepEqual(await store.prepare(set, other, ROWS_BYTES), [0, 1]);
      assert.deepEqual(lines, []);
    });

    it('of a tenth of the disk, however large that bound is', async () => {
      set = { ...set, maxBytes: Infinity };
      const { bavail, bsize } = await statfs(set.folder);
      // Two and a half chunks are a tenth of the free disk: other programs may take or free a fifth of it meanwhile.
      assert.deepEqual(await store.prepare(set, names, Math.floor((bavail * bsize) / 25)), [0, 1]);
    });

    it('where the bound is smaller than before', async () => {
      await written();
      set = { ...set, name: 'two', maxBytes: 2 * FILE_BYTES };
      assert.deepEqual(await store.prepare(set, other, ROWS_BYTES), [0, 1]);
      assert.deepEqual(await filesThere('one'), []);
    });

    it('where it is smaller than what is kept of the context itself: its last tokens go', async () => {
      await written();
      set = { ...set, maxBytes: 2 * FILE_BYTES };
      assert.deepEqual(await store.prepare(set, names, ROWS_BYTES), []);
      assert.deepEqual(
        await filesThere(),
        names
          .slice(0, 2)
          .map((name) => `${name}.rows`)
          .sort(),
      );
      assert.deepEqual(await store.prepare(set, names, ROWS_BYTES), [], 'and nothing is written again');
    });
  });

  it('are the same whoever writes them first: processes that write at once leave whole files and no others', async () => {
    const script = `
      import { ContextStore } from ${JSON.stringify(new URL('../../../sidecar/keptContexts/contextStore.ts', import.meta.url).href)};
      import { openChunk, sealChunk } from ${JSON.stringify(new URL('../../../sidecar/keptContexts/chunkFile.ts', import.meta.url).href)};
      const [set, names, size] = ${JSON.stringify([{ ...set, maxBytes: 3 * FILE_BYTES }, names, ROWS_BYTES])};
      const store = new ContextStore((line) => console.log(line));
      for (let round = 0; round < 50; round++) {
        for (const index of await store.prepare(set, names, size)) {
          const chunk = openChunk(names[index], size);
          chunk.rows.set(Uint8Array.from({ length: size }, (_, at) => (at * 31 + parseInt(names[index].slice(0, 2), 16)) % 251));
          await store.write(set, names[index], await sealChunk(chunk));
          const rows = await store.read(set, names[index], size);
          if (rows && Buffer.compare(rows, chunk.rows) !== 0) console.log('wrong rows');
        }
        if (round % 5 === 4) await (await import('node:fs/promises')).rm(set.folder + '/' + set.name + '/' + names[round % 3] + '.rows', { force: true });
      }`;
    const run = () =>
      execa(process.execPath, ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script]);
    const outputs = await Promise.all([run(), run(), run()]);
    assert.deepEqual(
      outputs.map(({ stdout }) => stdout),
      ['', '', ''],
    );
    for (const file of await filesThere()) assert.match(file, /^[0-9a-f]{64}\.rows$/);
    assert.ok((await filesThere()).length <= 3);
  });
});
