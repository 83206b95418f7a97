import type { Selector } from './selector.ts';

export interface RandomOptions {
  readonly seed: number;
}

/** Keeps random rows: the baseline for other selectors. */
export function random({ seed }: RandomOptions): Selector {
  return {
    score(_graph, { candidates, key, constant }) {
      const kvHeads = key.shape[2];
      return constant(
        Float32Array.from({ length: candidates * kvHeads }, (_, index) => hash(seed, index)),
        [candidates, kvHeads],
      );
    },
  };
}

/** From 0 to 1, by Murmur3's finaliser. The same place gets the same number, whatever else is selected. */
function hash(seed: number, index: number): number {
  let bits = Math.imul(index + 1, 0x9e3779b9) ^ Math.imul(seed + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 8) / 2 ** 24;
}
