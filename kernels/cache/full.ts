import type { Selector } from './selector.ts';

/** Keeps all rows: all have the same score, and there is room for all. */
export function full(): Selector {
  return {
    score: (_graph, { candidates, key, constant }) =>
      constant(new Float32Array(candidates * key.shape[2]), [candidates, key.shape[2]]),
  };
}
