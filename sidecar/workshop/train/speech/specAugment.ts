import { Random } from '../random.ts';

/** How many intervals of each kind are masked, and their largest length as a share of all bands or frames. */
const STRETCHES = 2;
const MOST_BANDS_SHARE = 0.15;
const MOST_FRAMES_SHARE = 0.1;

/**
 * Masks intervals of bands and of time in a normalised spectrogram `mel[bands, frames]`, whose mean is zero
 * (SpecAugment, arXiv 1904.08779). Works in place and depends on the seed.
 */
export function specAugment(mel: Float32Array, bands: number, seed: number): Float32Array {
  const random = new Random(seed);
  const frames = mel.length / bands;
  const stretch = (extent: number, share: number): [number, number] => {
    const length = random.below(Math.floor(extent * share) + 1);
    const first = random.below(extent - length + 1);
    return [first, first + length];
  };
  for (let count = 0; count < STRETCHES; count++) {
    const [low, high] = stretch(bands, MOST_BANDS_SHARE);
    for (let frame = 0; frame < frames; frame++) mel.fill(0, frame * bands + low, frame * bands + high);
    const [first, last] = stretch(frames, MOST_FRAMES_SHARE);
    mel.fill(0, first * bands, last * bands);
  }
  return mel;
}
