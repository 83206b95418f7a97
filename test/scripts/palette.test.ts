import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deflateSync, inflateSync } from 'node:zlib';
import { withPalette } from '../../.scripts/pictures/palette.ts';
import { packed, readChunks, uint32, writeChunks } from '../../.scripts/pictures/png.ts';

const WIDTH = 20;

/** Writes an RGB picture. */
function png(pixels: Buffer): Buffer {
  const header = [uint32(WIDTH), uint32(pixels.length / 3 / WIDTH), Buffer.from([8, 2, 0, 0, 0])];
  return writeChunks([
    { type: 'IHDR', data: Buffer.concat(header) },
    { type: 'IDAT', data: packed(pixels, 3 * WIDTH) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

/** Reads the colours of a PNG with a palette, and the number of the palette's colours. */
function shown(file: Buffer): { readonly pixels: Buffer; readonly colours: number } {
  const chunk = (wanted: string): Buffer => readChunks(file).find(({ type }) => type === wanted)!.data;
  const palette = chunk('PLTE');
  const rows = inflateSync(chunk('IDAT'));
  const places = [...rows].filter((_, at) => at % (WIDTH + 1) !== 0);
  return {
    pixels: Buffer.concat(places.map((place) => palette.subarray(3 * place, 3 * place + 3))),
    colours: palette.length / 3,
  };
}

describe('a picture with a palette', () => {
  it('shows the same pixels if it has up to 256 colours', () => {
    const pixels = Buffer.from(Array.from({ length: 400 }, (_, at) => [at % 256, 0, 255 - (at % 256)]).flat());
    assert.deepEqual(shown(withPalette(png(pixels))), { pixels, colours: 256 });
  });

  it('shows frequent colours exactly, and rare ones almost, if it has more', () => {
    const rare = Array.from({ length: 1_000 }, (_, at) => [at % 250, Math.floor(at / 250), 7]);
    const frequent = Array.from({ length: 200 }, () => [250, 128, 9]);
    const pixels = Buffer.from([...rare, ...frequent].flat());
    const { pixels: after, colours } = shown(withPalette(png(pixels)));
    assert.ok(colours <= 256, `${colours} colours`);
    assert.deepEqual(after.subarray(3_000), pixels.subarray(3_000));
    const largest = Math.max(...pixels.map((value, at) => Math.abs(value - after[at]!)));
    assert.ok(largest > 0 && largest <= 4, `a channel differs by ${largest}`);
  });

  it('is smaller than a picture of three bytes a pixel', () => {
    const pixels = Buffer.from(Array.from({ length: 4_000 }, (_, at) => [(at * at) % 97, 5, (at * 31) % 89]).flat());
    assert.ok(withPalette(png(pixels)).length < deflateSync(pixels, { level: 9 }).length);
  });
});
