import assert from 'node:assert/strict';
import { copyFile, mkdtemp, open, rm, utimes } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fingerprint } from '../../../../sidecar/models/gguf/fingerprint.ts';
import { readGgufHeader, type GgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { writeGguf } from '../../../../sidecar/models/gguf/writer.ts';

const SIZE = 3_000;
/** The modification time of the model. */
const CHANGED = new Date(1_700_000_000_000);
/** The bytes read of each tensor: four samples of 1,024, the first at its beginning, the last at its end. */
const TENSOR_BYTES = 4 * SIZE;

describe('the fingerprint of a model', () => {
  let folder: string;
  let file: string;
  let original: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fingerprint-'));
    file = path.join(folder, 'model.gguf');
    const values = (first: number): Float32Array => Float32Array.from({ length: SIZE }, (_, index) => first + index);
    await writeGguf(file, {
      metadata: new Map([['general.architecture', { type: 'string', value: 'llama' }]]),
      tensors: [
        ['one.weight', 1],
        ['two.weight', 7],
      ].map(([name, first]) => ({
        name: String(name),
        type: 'F32',
        shape: [SIZE],
        chunks: () => [new Uint8Array(values(Number(first)).buffer)],
      })),
    });
    await utimes(file, CHANGED, CHANGED);
    original = await of(file);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const of = async (model: string): Promise<string> => fingerprint([await readGgufHeader(model)]);

  /** The fingerprint of a changed copy with the model's modification time. */
  async function changed(change: (copy: string, header: GgufHeader) => Promise<void>): Promise<string> {
    const copy = path.join(folder, 'copy.gguf');
    await copyFile(file, copy);
    await change(copy, await readGgufHeader(copy));
    await utimes(copy, CHANGED, CHANGED);
    return of(copy);
  }

  async function flip(model: string, at: number): Promise<void> {
    const handle = await open(model, 'r+');
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
    await handle.write(Buffer.of((buffer[0] as number) ^ 1), 0, 1, at);
    await handle.close();
  }

  it('is the same in any folder', async () => assert.equal(await changed(async () => undefined), original));

  it('differs after a later change', async () => {
    const copy = path.join(folder, 'later.gguf');
    await copyFile(file, copy);
    await utimes(copy, new Date(), new Date(Date.now() + 60_000));
    assert.notEqual(await of(copy), original);
  });

  it('is the same after a later change if times are ignored', async () => {
    const copy = path.join(folder, 'as old.gguf');
    await copyFile(file, copy);
    await utimes(copy, new Date(), new Date(Date.now() + 60_000));
    const ofContents = async (model: string): Promise<string> =>
      fingerprint([await readGgufHeader(model)], { ignoresTimes: true });
    assert.equal(await ofContents(copy), await ofContents(file));
  });

  it('differs with another header text', async () => {
    const position = Buffer.from(await readFirst(file, 200)).indexOf('llama');
    assert.notEqual(await changed((copy) => flip(copy, position)), original);
  });

  const places: readonly (readonly [where: string, tensor: number, at: number])[] = [
    ['the first byte of the first tensor', 0, 0],
    ['the last byte of the first tensor', 0, TENSOR_BYTES - 1],
    ['the first byte of the last tensor', 1, 0],
    ['the last byte of the last tensor', 1, TENSOR_BYTES - 1],
    ['a third of a tensor', 1, Math.floor((TENSOR_BYTES - 1_024) / 3)],
  ];
  for (const [where, tensor, at] of places) {
    it(`differs if ${where} differs`, async () => {
      assert.notEqual(
        await changed((copy, { dataOffsetBytes, tensors }) =>
          flip(copy, dataOffsetBytes + (tensors[tensor]?.offsetBytes ?? NaN) + at),
        ),
        original,
      );
    });
  }
});

async function readFirst(file: string, bytes: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  const { buffer } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
  await handle.close();
  return buffer;
}
