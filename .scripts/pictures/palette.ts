import { packed, pictureHeader, readPng, writeChunks, type Chunk, type Picture } from './png.ts';

/** The most colours that a PNG with a palette holds. */
const MOST_COLOURS = 256;
/** So many of the most frequent colours, those of surfaces and texts, stay exact even if they are alike. */
const EXACT_COLOURS = 64;
const CHANNELS = [16, 8, 0] as const;

/** A few colours that stand for all colours of some pictures. */
export interface Palette {
  /** The chunk `PLTE`. */
  readonly chunk: Chunk;
  /** Returns the place of the colour that is nearest to an RGB pixel at an offset in bytes. */
  placeOf(pixels: Buffer, at: number): number;
}

/** Writes a PNG again, with a palette of up to 256 colours. Throws as `readPng` does. */
export function withPalette(png: Buffer): Buffer {
  const picture = readPng(png);
  const palette = paletteOf([picture]);
  const { width, height, pixels } = picture;
  const places = Buffer.alloc(width * height);
  for (let pixel = 0; pixel < places.length; pixel++) places[pixel] = palette.placeOf(pixels, 3 * pixel);
  return writeChunks([
    pictureHeader(width, height),
    palette.chunk,
    { type: 'IDAT', data: packed(places, width) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

/**
 * Chooses a palette for pictures. Frequent colours are exact, and rare ones become near ones. The first `reserved`
 * places stay free.
 */
export function paletteOf(pictures: readonly Picture[], reserved = 0): Palette {
  const counts = new Map<number, number>();
  for (const { pixels } of pictures)
    for (let at = 0; at < pixels.length; at += 3) {
      const colour = pixels.readUIntBE(at, 3);
      counts.set(colour, (counts.get(colour) ?? 0) + 1);
    }
  const byCount = [...counts].sort(([, one], [, other]) => other - one).map(([colour]) => colour);
  const chosen = apart(byCount, MOST_COLOURS - reserved);
  const places = new Map(chosen.map((colour, index) => [colour, reserved + index]));
  const data = Buffer.alloc(3 * (reserved + chosen.length));
  for (const [colour, place] of places) data.writeUIntBE(colour, 3 * place, 3);
  return {
    chunk: { type: 'PLTE', data },
    placeOf: (pixels, at) => {
      const colour = pixels.readUIntBE(at, 3);
      const known = places.get(colour);
      if (known !== undefined) return known;
      const place = places.get(nearest(colour, chosen))!;
      places.set(colour, place);
      return place;
    },
  };
}

/** Returns the first colours, and others that are as near to them and to each other as `most` allows. */
function apart(colours: readonly number[], most: number): readonly number[] {
  for (let least = 0; ; least += 1) {
    const chosen = colours.slice(0, EXACT_COLOURS);
    for (const colour of colours.slice(EXACT_COLOURS)) {
      if (least > 0 && chosen.some((each) => distance(each, colour) <= least)) continue;
      chosen.push(colour);
      if (chosen.length > most) break;
    }
    if (chosen.length <= most) return chosen;
  }
}

function nearest(colour: number, colours: readonly number[]): number {
  return colours.reduce((best, each) => (distance(each, colour) < distance(best, colour) ? each : best));
}

/** The largest difference of a channel of two colours. */
function distance(one: number, other: number): number {
  return Math.max(...CHANNELS.map((shift) => Math.abs(((one >> shift) & 0xff) - ((other >> shift) & 0xff))));
}
