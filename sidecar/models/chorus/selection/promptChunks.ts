import type { Observation } from '../../../../kernels/cache/selector.ts';
import type { TokenId } from '../../../protocol/engine.ts';

/** Of a chunk's mask: deep in a long prompt chunks are shorter. */
const MASK_BYTES = 64 * 2 ** 20;
const F16_BYTES = 2;
/** Of what a selector has in memory to look at a chunk's tokens. */
const OBSERVED_BYTES = 128 * 2 ** 20;
/** Attention is computed in tiles from so many tokens on. */
export const TILE_TOKENS = 64;

/** Tokens that one graph computes. */
export interface Chunk {
  /** Of all that is read, and how many. */
  readonly first: number;
  readonly count: number;
  /** Rows that its tokens attend besides their own: a second reading attends the context alone. */
  readonly past: number;
  readonly isReplay: boolean;
}

/** Tokens that a step may have which attend so many rows. */
export type StepTokens = (rows: number) => number;

/** The tokens that one selector looks at. */
export interface ObservedTokens {
  readonly of: Observation['of'];
  /** The first of the context's. */
  readonly from: number;
  /** What looking at one takes that attends so many rows. */
  readonly tokenBytes: (rows: number) => number;
}

/**
 * Cuts a context from token `from` on, which stands at `first` among all that is read, and what repeats it behind it,
 * into chunks of at most `chunkTokens`, fewer where what a chunk takes would be large.
 */
export function promptChunks(
  contextTokens: number,
  {
    from = 0,
    first = from,
    replays = [],
    chunkTokens,
    stepTokens = () => Infinity,
    observed = [],
  }: {
    readonly from?: number;
    readonly first?: number;
    readonly replays?: readonly (readonly TokenId[])[];
    readonly chunkTokens: number;
    readonly stepTokens?: StepTokens | undefined;
    readonly observed?: readonly ObservedTokens[];
  },
): readonly Chunk[] {
  const chunks: Chunk[] = [];
  /**
   * Of the tokens behind `past` rows, of a reading that attends `rows` rows, so many before what is looked at would be
   * too much.
   */
  const mostObserved = (past: number, rows: number, isReplay: boolean): number => {
    const lengths = observed
      .filter(({ of }) => isReplay === (of === 'replay'))
      .map(
        ({ from: firstSeen, tokenBytes }) =>
          (isReplay ? 0 : Math.max(0, firstSeen - past)) + Math.max(1, tiled(OBSERVED_BYTES / tokenBytes(rows))),
      );
    return Math.min(...lengths);
  };
  /** Cuts `length` tokens from `begin` on, which attend `past` rows besides their own. */
  const cut = (begin: number, length: number, past: number, isReplay: boolean): void => {
    for (let start = 0; start < length;) {
      const rows = past + start + chunkTokens;
      const mostMasked = Math.max(TILE_TOKENS, tiled(MASK_BYTES / F16_BYTES / rows));
      const count = Math.min(
        chunkTokens,
        mostMasked,
        stepTokens(rows),
        mostObserved(past + start, rows, isReplay),
        length - start,
      );
      chunks.push({ first: begin + start, count, past: past + start, isReplay });
      start += count;
    }
  };
  cut(first, contextTokens - from, from, false);
  let before = first + contextTokens - from;
  for (const { length } of replays) {
    cut(before, length, contextTokens, true);
    before += length;
  }
  return chunks;
}

/** What looking at a chunk's tokens takes at most, `tokens` of them where they are few. */
export const mostObservedBytes = (tokens: number, tokenBytes: number): number =>
  Math.min(tokens * tokenBytes, Math.max(OBSERVED_BYTES, tokenBytes));

/** Whole tiles, where there is one. */
function tiled(tokens: number): number {
  return tokens < TILE_TOKENS ? Math.floor(tokens) : Math.floor(tokens / TILE_TOKENS) * TILE_TOKENS;
}
