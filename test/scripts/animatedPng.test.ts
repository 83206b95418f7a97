import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import { animatedPng } from '../../.scripts/pictures/animatedPng.ts';
import { readChunks, readPng, uint32, writeChunks } from '../../.scripts/pictures/png.ts';

/** Writes an RGB picture of one filter a row. Each row is the filter and the filtered bytes. */
function png(width: number, rows: readonly (readonly number[])[]): Buffer {
  const header = Buffer.concat([uint32(width), uint32(rows.length), Buffer.from([8, 2, 0, 0, 0])]);
  return writeChunks([
    { type: 'IHDR', data: header },
    { type: 'IDAT', data: deflateSync(Buffer.from(rows.flat())) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

/** Plays an animation: the RGB pixels after each frame, and how long they are shown. */
function play(animation: Buffer): readonly { readonly pixels: readonly number[]; readonly shownMs: number }[] {
  const chunks = readChunks(animation);
  const width = chunks[0]!.data.readUInt32BE(0);
  const palette = chunks.find(({ type }) => type === 'PLTE')!.data;
  const alpha = chunks.find(({ type }) => type === 'tRNS')!.data;
  const canvas = new Array<number>(3 * width * chunks[0]!.data.readUInt32BE(4)).fill(0);
  const controls = chunks.filter(({ type }) => type === 'fcTL');
  const contents = chunks.filter(({ type }) => type === 'IDAT' || type === 'fdAT');
  return controls.map(({ data: control }, index) => {
    const [frameWidth, frameHeight, left, top] = [4, 8, 12, 16].map((at) => control.readUInt32BE(at)) as [
      number,
      number,
      number,
      number,
    ];
    const { type, data } = contents[index]!;
    const bytes = inflateSync(type === 'fdAT' ? data.subarray(4) : data);
    for (let y = 0; y < frameHeight; y++)
      for (let x = 0; x < frameWidth; x++) {
        const place = bytes[y * (frameWidth + 1) + 1 + x]!;
        if (alpha[place] === 0) continue;
        for (let channel = 0; channel < 3; channel++)
          canvas[3 * ((top + y) * width + left + x) + channel] = palette[3 * place + channel]!;
      }
    return { pixels: [...canvas], shownMs: control.readUInt16BE(20) };
  });
}

const BLACK_AND_WHITE = png(2, [
  [0, 0, 0, 0, 255, 255, 255],
  [0, 0, 0, 0, 255, 255, 255],
]);
const WITH_RED = png(2, [
  [0, 0, 0, 0, 255, 255, 255],
  [0, 0, 0, 0, 255, 0, 0],
]);

describe('an animated PNG', () => {
  it('shows each frame, and a frame without a change lengthens the one before', () => {
    const animation = animatedPng([
      { png: BLACK_AND_WHITE, shownMs: 100 },
      { png: BLACK_AND_WHITE, shownMs: 50 },
      { png: WITH_RED, shownMs: 200 },
      { png: BLACK_AND_WHITE, shownMs: 300 },
    ]);
    assert.deepEqual(play(animation), [
      { pixels: [...readPng(BLACK_AND_WHITE).pixels], shownMs: 150 },
      { pixels: [...readPng(WITH_RED).pixels], shownMs: 200 },
      { pixels: [...readPng(BLACK_AND_WHITE).pixels], shownMs: 300 },
    ]);
  });

  it('numbers all its frames and their contents in one sequence', () => {
    const chunks = readChunks(
      animatedPng([BLACK_AND_WHITE, WITH_RED, BLACK_AND_WHITE].map((frame) => ({ png: frame, shownMs: 10 }))),
    );
    const sequence = chunks
      .filter(({ type }) => type === 'fcTL' || type === 'fdAT')
      .map(({ data }) => data.readUInt32BE(0));
    assert.deepEqual(sequence, [0, 1, 2, 3, 4]);
  });

  it('needs frames of one size', () => {
    const other = png(1, [[0, 1, 2, 3]]);
    assert.throws(
      () => animatedPng([BLACK_AND_WHITE, other].map((frame) => ({ png: frame, shownMs: 1 }))),
      /A frame of 1×1/,
    );
    assert.throws(() => animatedPng([]), /at least one frame/);
  });
});

describe('a PNG', () => {
  it('is read without its alpha channel', () => {
    const withAlpha = writeChunks([
      { type: 'IHDR', data: Buffer.concat([uint32(2), uint32(1), Buffer.from([8, 6, 0, 0, 0])]) },
      { type: 'IDAT', data: deflateSync(Buffer.from([1, 1, 2, 3, 255, 1, 1, 1, 1])) },
      { type: 'IEND', data: Buffer.alloc(0) },
    ]);
    assert.deepEqual([...readPng(withAlpha).pixels], [1, 2, 3, 2, 3, 4]);
  });

  it('is read whatever the filters of its rows are', () => {
    const filtered = png(2, [
      [1, 10, 20, 30, 1, 2, 3],
      [2, 5, 5, 5, 5, 5, 5],
      [3, 0, 0, 0, 0, 0, 0],
      [4, 1, 1, 1, 250, 0, 6],
    ]);
    assert.deepEqual(
      [...readPng(filtered).pixels],
      [...[10, 20, 30, 11, 22, 33], ...[15, 25, 35, 16, 27, 38], ...[7, 12, 17, 11, 19, 27], ...[8, 13, 18, 5, 19, 33]],
    );
  });
});
