import { uniform } from './gradientCheck.ts';
import type { PlainLayer } from './plainSelectors.ts';

export const HEAD_SIZE = 16;
export const WIDTH = 24;
export const ROPE_BASE = 10_000;

/** Random vectors of a layer. */
export function randomLayer(tokens: number, heads: number, kvHeads: number): PlainLayer {
  const next = uniform(tokens + heads);
  const vectors = (count: number, spread: number): number[][][] =>
    Array.from({ length: tokens }, () =>
      Array.from({ length: count }, () => Array.from({ length: HEAD_SIZE }, () => spread * next())),
    );
  const unrotated = vectors(heads, 3).map((ofToken) =>
    ofToken.map((x) => x.map((value, index) => value + (index % 3))),
  );
  return {
    unrotated,
    query: unrotated.map((ofToken, token) => ofToken.map((x) => rotate(x, token))),
    key: vectors(kvHeads, 2).map((ofToken, token) => ofToken.map((x) => rotate(x, token))),
    value: vectors(kvHeads, 1),
    rotate,
    output: Array.from({ length: heads * HEAD_SIZE }, () => Array.from({ length: WIDTH }, () => next())),
  };
}

/** Votes by token and head, from 0 to 2. The last head has votes of 0. */
export function randomVotes(tokens: number, heads: number): number[][] {
  const next = uniform(heads * tokens);
  return Array.from({ length: tokens }, () =>
    Array.from({ length: heads }, (_, head) => (head === heads - 1 ? 0 : 1 + next())),
  );
}

function rotate(x: readonly number[], position: number): number[] {
  return x.map((value, index) => {
    const angle = position * ROPE_BASE ** (-(index - (index % 2)) / HEAD_SIZE);
    const other = x[index ^ 1] as number;
    return value * Math.cos(angle) + (index % 2 === 0 ? -1 : 1) * other * Math.sin(angle);
  });
}
