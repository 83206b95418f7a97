import { Random } from './random.ts';

/**
 * Fills `values` with dropout factors: 0 with the probability `share`, and otherwise the factor that keeps the mean.
 * The same seed gives the same factors.
 */
export function fillDropout(values: Float32Array, share: number, seed: number): void {
  const random = new Random(seed);
  const kept = 1 / (1 - share);
  for (let index = 0; index < values.length; index++) values[index] = random.next() < share ? 0 : kept;
}

/** Combines several numbers into a seed (FNV-1a over their bytes). */
export function seedOf(...numbers: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(Uint32Array.from(numbers).buffer)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
