import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../../.scripts/fetchModel.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { copiedMetadata, type GgufEntry, type TensorSource } from '../../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-writer-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const bytes = Buffer.from(Float32Array.of(1, 2, 3, 4).buffer);
const tensor: TensorSource = {
  name: 'a.weight',
  type: 'F32',
  shape: [2, 2],
  chunks: () => [bytes.subarray(0, 6), bytes.subarray(6)],
};
const entries: readonly (readonly [key: string, entry: GgufEntry])[] = [
  ['u8', { type: 'u8', value: 200 }],
  ['i8', { type: 'i8', value: -100 }],
  ['u16', { type: 'u16', value: 60_000 }],
  ['i16', { type: 'i16', value: -30_000 }],
  ['u32', { type: 'u32', value: 4e9 }],
  ['i32', { type: 'i32', value: -2e9 }],
  ['u64', { type: 'u64', value: 2n ** 52n }],
  ['i64', { type: 'i64', value: -5 }],
  ['f32', { type: 'f32', value: 0.5 }],
  ['f64', { type: 'f64', value: 0.1 }],
  ['bool', { type: 'bool', value: true }],
  ['string', { type: 'string', value: 'Grüße' }],
  ['u8s', { type: 'u8s', value: [1, 2] }],
  ['i64s', { type: 'i64s', value: [-1, 2] }],
  ['f64s', { type: 'f64s', value: [0.1, 0.2] }],
  ['bools', { type: 'bools', value: [true, false] }],
  ['strings', { type: 'strings', value: ['a', '', 'ß'] }],
  ['none', { type: 'u32s', value: [] }],
];

describe('the GGUF writer', () => {
  it('writes every type of value so that the reader reads it back', async () => {
    const file = path.join(folder, 'types.gguf');
    await writeGguf(file, { metadata: new Map(entries), tensors: [tensor] });
    const texts: string[] = [];
    const header = await readGgufHeader(file, {
      visitArray: (key, _index, element) => void (key === 'strings' && texts.push(String(element))),
    });
    for (const [key, entry] of entries) {
      if (entry.type === 'strings' || entry.type === 'copied') continue;
      assert.deepEqual(
        header.metadata.get(key),
        typeof entry.value === 'bigint' ? Number(entry.value) : entry.value,
        key,
      );
    }
    assert.deepEqual(texts, ['a', '', 'ß']);
  });

  it('never mixes parts of two models if a rename fails', async () => {
    const own = path.join(folder, 'parts');
    await mkdir(own);
    const [first, second] = [1, 2].map((part) => path.join(own, `m-0000${part}-of-00002.gguf`)) as [string, string];
    const other = { ...tensor, name: 'b.weight' };
    await writeGguf(first, { metadata: new Map(entries), tensors: [tensor, other] });
    const blocking = async function* (): AsyncGenerator<Buffer> {
      await rm(first);
      await mkdir(first);
      yield bytes;
    };
    await assert.rejects(
      writeGguf(first, { metadata: new Map(entries), tensors: [tensor, { ...other, chunks: blocking }] }),
      (error) => error instanceof TroubleError && error.message.includes(first),
    );
    assert.deepEqual(await readdir(own), [path.basename(first)]);
    assert.deepEqual(await readdir(first), []);
    await rm(first, { recursive: true });
    await writeGguf(first, { metadata: new Map(entries), tensors: [tensor, other] });
    assert.deepEqual(
      await readdir(own),
      [first, second].map((file) => path.basename(file)),
    );
  });

  it('aligns tensors as the metadata say, and keeps their order and bytes', async () => {
    const file = path.join(folder, 'aligned.gguf');
    const metadata = new Map<string, GgufEntry>([['general.alignment', { type: 'u32', value: 128 }]]);
    await writeGguf(file, { metadata, tensors: [tensor, { ...tensor, name: 'b.weight' }] });
    const header = await readGgufHeader(file);
    assert.deepEqual(
      header.tensors.map(({ name, offsetBytes, sizeBytes }) => [name, offsetBytes, sizeBytes]),
      [
        ['a.weight', 0, 16],
        ['b.weight', 128, 16],
      ],
    );
    assert.equal(header.dataOffsetBytes % 128, 0);
    assert.equal(header.fileSizeBytes, header.dataOffsetBytes + 256);
  });

  it("copies a real model's metadata byte by byte, including its vocabulary", async () => {
    const source = await readGgufHeader(await fetchModel());
    const file = path.join(folder, 'copied.gguf');
    const copied = await copiedMetadata(source);
    await writeGguf(file, { metadata: copied, tensors: [tensor] });
    const again = await copiedMetadata(await readGgufHeader(file));
    assert.deepEqual([...again.keys()], [...copied.keys()]);
    for (const [key, entry] of copied) assert.ok(entry.bytes.equals(again.get(key)?.bytes ?? Buffer.alloc(0)), key);
    assert.ok((copied.get('tokenizer.ggml.tokens')?.bytes.length ?? 0) > 500_000);
  });

  const failing: readonly (readonly [what: string, place: () => string, source: TensorSource, says: RegExp])[] = [
    [
      'a folder that does not exist',
      () => path.join(folder, 'nowhere', 'x.gguf'),
      tensor,
      /nowhere[/\\]x\.gguf can't be written: the folder .*nowhere does not exist/,
    ],
    ['a path that is a folder', () => path.join(folder, 'taken'), tensor, /taken can't be written: it is a folder/],
    [
      'a source with too few bytes',
      () => path.join(folder, 'short.gguf'),
      { ...tensor, chunks: () => [bytes.subarray(0, 6)] },
      /a\.weight supplied 6 bytes, expected 16/,
    ],
    [
      'rows that are not whole blocks',
      () => path.join(folder, 'rows.gguf'),
      { ...tensor, type: 'Q8_0' },
      /Rows of 2 values are not whole blocks of 32/,
    ],
  ];
  for (const [what, place, source, says] of failing) {
    it(`describes the problem with ${what}, and leaves nothing`, async () => {
      await mkdir(path.join(folder, 'taken'), { recursive: true });
      const before = await readdir(folder);
      await assert.rejects(writeGguf(place(), { metadata: new Map(), tensors: [source] }), says);
      assert.deepEqual(await readdir(folder), before);
    });
  }

  it('says that the disk is full, and leaves nothing', async () => {
    const before = await readdir(folder);
    // Simulates the error of a write on a full disk, since a test can't fill a disk.
    const full: TensorSource = {
      ...tensor,
      chunks: async function* () {
        yield bytes;
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
      },
    };
    await assert.rejects(
      writeGguf(path.join(folder, 'full.gguf'), { metadata: new Map(), tensors: [full] }),
      (error: unknown) =>
        error instanceof TroubleError &&
        /full\.gguf can't be written: the disk is full, \d+ bytes are needed/.test(error.message),
    );
    assert.deepEqual(await readdir(folder), before);
  });

  it('keeps the previous file if it is stopped half-way', async () => {
    const file = path.join(folder, 'kept.gguf');
    await writeGguf(file, { metadata: new Map(), tensors: [tensor] });
    const abort = new AbortController();
    const stopping: TensorSource = {
      ...tensor,
      chunks: async function* () {
        yield bytes.subarray(0, 6);
        abort.abort();
        yield bytes.subarray(6);
      },
    };
    await assert.rejects(
      writeGguf(file, { metadata: new Map(entries), tensors: [stopping] }, { signal: abort.signal }),
      { name: 'AbortError' },
    );
    assert.equal((await readGgufHeader(file)).metadata.size, 0);
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.part')),
      [],
    );
  });
});
