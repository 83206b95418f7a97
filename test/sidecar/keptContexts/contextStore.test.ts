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

/** Returns rows that differ from those of every other chunk. */
function rowsOf(name: string): Uint8Array {
  return Uint8Array.from({ length: ROWS_BYTES }, (_, index) => (index * 31 + parseInt(name.slice(0, 2), 16)) % 251);
}

async function fileOf(name: string): Promise<Uint8Array> {
  const chunk = openChunk(name, ROWS_BYTES);
  chunk.rows.set(rowsOf(name));
  return sealChunk(chunk);
}

describe('chunkNames', () => {
  const names = chunkNames('model', tokens(3 * CHUNK_TOKENS + 5));

  it('differ for every possible token', () => {
    const last = [0, 255, 65_535, 65_536, 2 ** 31 - 1].map(
      (token) => chunkNames('model', [...tokens(CHUNK_TOKENS - 1), token])[0],
    );
    assert.equal(new Set(last).size, last.length);
  });

  it('names whole chunks only', () => assert.equal(names.length, 3));

  it('stay the same before a change, and differ after it', () => {
    const edited = tokens(3 * CHUNK_TOKENS);
    edited[CHUNK_TOKENS + 7] = 99_999;
    const other = chunkNames('model', edited);
    assert.deepEqual(
      other.map((name, index) => name === names[index]),
      [true, false, false],
    );
  });

  it('differ for another model', () => assert.notEqual(chunkNames('another model', tokens(CHUNK_TOKENS))[0], names[0]));
});

describe('ContextStore', () => {
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

  it('reads chunks as they were written, also in another process', async () => {
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

  it('finds no chunk before it is written, without a line in the log', async () => {
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.deepEqual(lines, []);
  });

  it('writes no chunk twice', async () => {
    await written(names.slice(0, 2));
    assert.deepEqual(await store.prepare(set, names, ROWS_BYTES), [2, 3]);
  });

  it('gives access to this user alone', { skip: process.platform === 'win32' }, async () => {
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
      { name: 'another file', damage: () => Buffer.from('x'.repeat(FILE_BYTES)), says: /no kept context/ },
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
    it(`drops a chunk whose file is ${name}, with one line in the log, and keeps the others`, async () => {
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

  it('drops a file that has the name of another', async () => {
    await written();
    await rename(pathOf(second), pathOf(first));
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.match(lines.join(), /of another model or context/);
  });

  it('drops an unreadable file', { skip: process.platform === 'win32' || process.getuid?.() === 0 }, async () => {
    await written();
    await chmod(pathOf(first), 0);
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.match(lines.join(), /EACCES/);
  });

  it('drops a folder that has the name of a chunk', async () => {
    await written([first]);
    await rm(pathOf(first));
    await mkdir(pathOf(first));
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.equal(lines.length, 1);
    assert.deepEqual(await filesThere(), []);
  });

  it('drops a file that is too large to read', async () => {
    await written();
    await truncate(pathOf(first), 3 * 2 ** 30);
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.match(lines.join(), /has 3221225472 bytes, expected/);
    assert.equal((await filesThere()).length, names.length - 1);
  });

  it('drops a pipe that has the name of a chunk', { skip: process.platform === 'win32' }, async () => {
    await written([first]);
    await rm(pathOf(first));
    await execa('mkfifo', [pathOf(first)]);
    assert.equal(await store.read(set, first, ROWS_BYTES), undefined);
    assert.match(lines.join(), /is no file/);
    assert.deepEqual(await filesThere(), []);
  });

  describe('leaves no part of a chunk', () => {
    /**
     * Writes chunks in a process that a shell starts. Prints the log, the result of each write, and the files after it.
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

    it('if a file cannot grow', { skip: process.platform === 'win32' }, async () => {
      const output = await writeIn(['sh', '-c', 'ulimit -f 4; exec "$@"', 'sh'], 1);
      assert.equal(output, 'A context could not be kept: EFBIG.\nfalse\n0');
    });

    it('if the disk is full, and logs this once', async (test) => {
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

  it('removes temporary files of crashed processes, but none that is being written', async () => {
    await written();
    const [stale, future, fresh] = ['stale', 'future', 'fresh'].map((name) =>
      path.join(set.folder, set.name, `${first}.${name}.tmp`),
    ) as [string, string, string];
    await writeFile(stale, 'x');
    await utimes(stale, new Date(), new Date(Date.now() - 10 * 60_000));
    // The clock was set back since then.
    await writeFile(future, 'x');
    await utimes(future, new Date(), new Date(Date.now() + 365 * 86_400_000));
    await writeFile(fresh, 'x');
    await store.prepare(set, names, ROWS_BYTES);
    const there = await filesThere();
    assert.ok(!there.includes(path.basename(stale)));
    assert.ok(!there.includes(path.basename(future)));
    assert.ok(there.includes(path.basename(fresh)));
  });

  describe('limits the size', () => {
    const other = chunkNames('other', tokens(4 * CHUNK_TOKENS));
    const age = (name: string, seconds: number): Promise<void> =>
      utimes(pathOf(name), new Date(), new Date(Date.now() - seconds * 1_000));

    it('of all sets together, dropping the least recently used chunks, of one context the last ones first', async () => {
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

    it('dropping files with a future date first, since the clock was set back', async () => {
      set = { ...set, maxBytes: 4 * FILE_BYTES };
      await written(names.slice(0, 2));
      await written(other.slice(0, 2));
      for (const name of names.slice(0, 2)) await age(name, -365 * 86_400);
      const third = chunkNames('third', tokens(2 * CHUNK_TOKENS));
      await written(third);
      assert.deepEqual(await filesThere(), [...other.slice(0, 2), ...third].map((name) => `${name}.rows`).sort());
    });

    it('keeping contexts that were read again', async () => {
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

    it('dropping other contexts before the written one, even if the clock was set back a little', async () => {
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

    it('of a context that is too large to its first chunks', async () => {
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

    it('even if a folder has the name of a file to drop', async () => {
      await written();
      const folderThere = path.join(set.folder, set.name, `${'0'.repeat(64)}.rows`);
      await mkdir(folderThere);
      await utimes(folderThere, new Date(), new Date(Date.now() - 1_000_000));
      set = { ...set, name: 'two', maxBytes: 2 * FILE_BYTES };
      assert.deepEqual(await store.prepare(set, other, ROWS_BYTES), [0, 1]);
      assert.deepEqual(lines, []);
    });

    it('to a tenth of the disk', async () => {
      set = { ...set, maxBytes: Infinity };
      const { bavail, bsize } = await statfs(set.folder);
      // Two and a half chunks are a tenth of the free disk. Other programs may take or free a fifth of it meanwhile.
      assert.deepEqual(await store.prepare(set, names, Math.floor((bavail * bsize) / 25)), [0, 1]);
    });

    it('if the limit is smaller than before', async () => {
      await written();
      set = { ...set, name: 'two', maxBytes: 2 * FILE_BYTES };
      assert.deepEqual(await store.prepare(set, other, ROWS_BYTES), [0, 1]);
      assert.deepEqual(await filesThere('one'), []);
    });

    it('to the first chunks of a kept context if the limit is smaller than it', async () => {
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

  it('has only whole files after several processes wrote the same chunks', async () => {
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
