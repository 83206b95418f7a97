import assert from 'node:assert/strict';
import { crc32, deflateSync, inflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const RGB = 2;
const WITH_PALETTE = 3;
const RGBA = 6;
/** Stands before a row whose bytes are those of its pixels. */
const NO_FILTER = Buffer.from([0]);

/** A picture of three bytes a pixel, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer;
}

export interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

/**
 * Reads a PNG of eight bits a channel, RGB or RGBA, not interlaced, as browsers write it. Leaves alpha out, since a
 * browser draws a few pixels of blurred edges with it. Throws on any other PNG.
 */
export function readPng(png: Buffer): Picture {
  const chunks = readChunks(png);
  const header = chunks.find(({ type }) => type === 'IHDR')?.data;
  assert.ok(header, 'the PNG has a header');
  const width = header.readUInt32BE(0);
  const height = header.readUInt32BE(4);
  const [bits, type = 0, ...others] = header.subarray(8);
  assert.ok(type === RGB || type === RGBA, `the PNG has colours of type ${type}`);
  assert.deepEqual([bits, ...others], [8, 0, 0, 0], 'eight bits a channel, not interlaced');
  const packed = Buffer.concat(chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data));
  const pixels = unfiltered(inflateSync(packed), { channels: type === RGB ? 3 : 4, width, height });
  return { width, height, pixels: type === RGB ? pixels : withoutAlpha(pixels) };
}

function withoutAlpha(pixels: Buffer): Buffer {
  const opaque = Buffer.alloc((3 * pixels.length) / 4);
  for (let from = 0, to = 0; from < pixels.length; from += 4, to += 3) pixels.copy(opaque, to, from, from + 3);
  return opaque;
}

/** Reads the chunks of a PNG. */
export function readChunks(png: Buffer): readonly Chunk[] {
  assert.ok(png.subarray(0, SIGNATURE.length).equals(SIGNATURE), 'the file is a PNG');
  const chunks: Chunk[] = [];
  for (let at = SIGNATURE.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.push({ type: png.toString('latin1', at + 4, at + 8), data: png.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  return chunks;
}

/** Writes a PNG of chunks. */
export function writeChunks(chunks: readonly Chunk[]): Buffer {
  return Buffer.concat([
    SIGNATURE,
    ...chunks.flatMap(({ type, data }) => {
      const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
      return [uint32(data.length), named, uint32(crc32(named))];
    }),
  ]);
}

/** The header chunk of a picture with a palette, one byte a pixel. */
export function pictureHeader(width: number, height: number): Chunk {
  return {
    type: 'IHDR',
    data: Buffer.concat([uint32(width), uint32(height), Buffer.from([8, WITH_PALETTE, 0, 0, 0])]),
  };
}

/** Compresses rows of pixels as PNG does. */
export function packed(pixels: Buffer, rowBytes: number): Buffer {
  const rows: Buffer[] = [];
  for (let at = 0; at < pixels.length; at += rowBytes) rows.push(NO_FILTER, pixels.subarray(at, at + rowBytes));
  return deflateSync(Buffer.concat(rows), { level: 9 });
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Takes the filters of PNG off, which predict each byte by its neighbours on the left and above. */
function unfiltered(
  filtered: Buffer,
  { channels, width, height }: { readonly channels: number; readonly width: number; readonly height: number },
): Buffer {
  const rowBytes = channels * width;
  const pixels = Buffer.alloc(rowBytes * height);
  for (let row = 0; row < height; row++) {
    const filter = filtered[row * (rowBytes + 1)]!;
    for (let at = 0; at < rowBytes; at++) {
      const to = row * rowBytes + at;
      const left = at < channels ? 0 : pixels[to - channels]!;
      const above = row === 0 ? 0 : pixels[to - rowBytes]!;
      const aboveLeft = at < channels || row === 0 ? 0 : pixels[to - rowBytes - channels]!;
      pixels[to] = filtered[row * (rowBytes + 1) + 1 + at]! + predicted(filter, left, above, aboveLeft);
    }
  }
  return pixels;
}

function predicted(filter: number, left: number, above: number, aboveLeft: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return Math.floor((left + above) / 2);
    case 4:
      return paeth(left, above, aboveLeft);
    default:
      return 0;
  }
}

function paeth(left: number, above: number, aboveLeft: number): number {
  const estimate = left + above - aboveLeft;
  const distances = [left, above, aboveLeft].map((each) => Math.abs(estimate - each));
  const [toLeft = 0, toAbove = 0, toAboveLeft = 0] = distances;
  if (toLeft <= toAbove && toLeft <= toAboveLeft) return left;
  return toAbove <= toAboveLeft ? above : aboveLeft;
}
