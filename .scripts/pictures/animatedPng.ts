import { paletteOf, type Palette } from './palette.ts';
import { packed, pictureHeader, readPng, uint32, writeChunks, type Chunk, type Picture } from './png.ts';

/** The place in the palette for pixels that stay as they are. */
const TRANSPARENT = 0;

/** A frame of an animation: a PNG, and how long it is shown. */
export interface Frame {
  readonly png: Buffer;
  readonly shownMs: number;
}

/** Part of a picture, in pixels. */
interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Makes an animated PNG that repeats for ever, with a palette. Each frame after the first holds only the pixels that
 * changed. Frames without a change lengthen the frame before. All frames must have one size; throws an error otherwise.
 */
export function animatedPng(frames: readonly Frame[]): Buffer {
  const [first, ...others] = frames.map(({ png, shownMs }) => ({ picture: readPng(png), shownMs }));
  if (!first) throw new Error('An animation needs at least one frame');
  const palette = paletteOf(
    [first, ...others].map(({ picture }) => picture),
    TRANSPARENT + 1,
  );
  const { width, height } = first.picture;
  const whole = { x: 0, y: 0, width, height };
  const shown = [{ part: whole, places: changedPlaces(palette, first.picture, whole), shownMs: first.shownMs }];
  let last = first.picture;
  for (const { picture, shownMs } of others) {
    const part = changedPart(last, picture);
    if (part) shown.push({ part, places: changedPlaces(palette, picture, part, last), shownMs });
    else shown.at(-1)!.shownMs += shownMs;
    last = picture;
  }
  let sequence = 0;
  const chunks = shown.flatMap(({ part, places, shownMs }, index): Chunk[] => {
    const control = { type: 'fcTL', data: frameControl(sequence++, part, shownMs) };
    const data = packed(places, part.width);
    if (index === 0) return [control, { type: 'IDAT', data }];
    return [control, { type: 'fdAT', data: Buffer.concat([uint32(sequence++), data]) }];
  });
  // In acTL the second number is the count of repetitions; 0 is for ever.
  return writeChunks([
    pictureHeader(width, height),
    { type: 'acTL', data: Buffer.concat([uint32(shown.length), uint32(0)]) },
    palette.chunk,
    // The alpha of the palette's first places.
    { type: 'tRNS', data: Buffer.from([0]) },
    ...chunks,
    { type: 'IEND', data: Buffer.alloc(0) },
  ]);
}

/** The smallest rectangle outside which two pictures are equal. Undefined if they are equal. */
function changedPart(before: Picture, after: Picture): Rectangle | undefined {
  const { width, height, pixels } = after;
  if (before.width !== width || before.height !== height)
    throw new Error(`A frame of ${width}×${height} follows one of ${before.width}×${before.height}`);
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let at = 0; at < pixels.length; at++) {
    if (pixels[at] === before.pixels[at]) continue;
    const pixel = Math.floor(at / 3);
    const x = pixel % width;
    const y = Math.floor(pixel / width);
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), y];
  }
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

/** The places of a part's pixels in the palette. Pixels that are as before are transparent. */
function changedPlaces(palette: Palette, picture: Picture, part: Rectangle, before?: Picture): Buffer {
  const places = Buffer.alloc(part.width * part.height, TRANSPARENT);
  for (let pixel = 0; pixel < places.length; pixel++) {
    const row = part.y + Math.floor(pixel / part.width);
    const from = 3 * (row * picture.width + part.x + (pixel % part.width));
    if (before?.pixels.subarray(from, from + 3).equals(picture.pixels.subarray(from, from + 3))) continue;
    places[pixel] = palette.placeOf(picture.pixels, from);
  }
  return places;
}

/** The control chunk of a frame: its number, place and time, and that it lies over the frame before. */
function frameControl(sequence: number, { x, y, width, height }: Rectangle, shownMs: number): Buffer {
  const times = Buffer.alloc(4);
  times.writeUInt16BE(shownMs, 0);
  times.writeUInt16BE(1_000, 2);
  const [keepBefore, blendOver] = [0, 1];
  return Buffer.concat([...[sequence, width, height, x, y].map(uint32), times, Buffer.from([keepBefore, blendOver])]);
}
