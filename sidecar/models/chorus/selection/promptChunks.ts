import type { Observation } from '../../../../kernels/cache/selector.ts';
import type { TokenId } from '../../../protocol/engine.ts';

/** The most memory of a chunk's mask. So deep in a long prompt chunks are shorter. */
const MASK_BYTES = 64 * 2 ** 20;
const F16_BYTES = 2;
/** The most memory for a selector's observation of a chunk's tokens. */
const OBSERVED_BYTES = 128 * 2 ** 20;
/** Attention is computed in tiles from this number of tokens on. */
export const TILE_TOKENS = 64;

/** The tokens of one graph. */
export interface Chunk {
  /** The first of them among all tokens that are read. */
  readonly first: number;
  readonly count: number;
  /** The rows that its tokens attend besides their own. A second reading attends only the context. */
  readonly past: number;
  readonly isReplay: boolean;
}

/** Returns the most tokens of a step that attends so many rows. */
export type StepTokens = (rows: number) => number;

/** The tokens that one selector observes. */
export interface ObservedTokens {
  readonly of: Observation['of'];
  /** The first of them in the context. */
  readonly from: number;
  /** Returns the memory for observing a token that attends so many rows. */
  readonly tokenBytes: (rows: number) => number;
}

/**
 * Cuts a context and its replays into chunks of at most `chunkTokens`, fewer where a chunk would take much memory. The
 * context begins at token `from`, which is at `first` among all tokens that are read.
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
  /** Returns how many tokens behind `past` rows fit into the memory for observations, if they attend `rows` rows. */
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

/** Returns the most memory for observing a chunk of up to `tokens` tokens. */
export const mostObservedBytes = (tokens: number, tokenBytes: number): number =>
  Math.min(tokens * tokenBytes, Math.max(OBSERVED_BYTES, tokenBytes));

/** Rounds down to whole tiles, unless there is less than one. */
function tiled(tokens: number): number {
  return tokens < TILE_TOKENS ? Math.floor(tokens) : Math.floor(tokens / TILE_TOKENS) * TILE_TOKENS;
}
