import { plainPages, type PlainLayer } from './plainSelectors.ts';

/** Hooks of a network in plain loops. */
export interface TierHooks {
  /** Whether a token attends an earlier token. */
  readonly attends: (place: {
    readonly block: number;
    readonly kvHead: number;
    readonly position: number;
    readonly other: number;
  }) => boolean;
  /** Receives each block's vectors before attention. */
  readonly onAttention?: (layer: PlainLayer, block: number) => void;
}

/**
 * A point where pages are chosen, for the tokens from `start` on. The choosing tokens are `queries` tokens up to
 * `last`, all of them or every n-th.
 */
export interface Cut {
  readonly start: number;
  readonly last: number;
  readonly queries: number;
  readonly every?: number;
  /** The heads that choose. Other heads keep their pages and window from the cut before. Absent: all heads choose. */
  readonly heads?: (block: number, kvHead: number) => boolean;
}

export interface PlainTiers {
  readonly tokens: readonly number[];
  readonly options: {
    readonly capacity: number;
    readonly pageRows: number;
    readonly window: number;
    readonly meanRows?: number;
  };
  /** By how much the last chosen page must exceed the next page. */
  readonly tie: number;
  /** The logits of every token. */
  readonly forward: (tokens: readonly number[], hooks: TierHooks) => readonly ArrayLike<number>[];
}

/** A choice of pages, for the tokens from `start` on. */
interface Choice {
  readonly start: number;
  /** The first of the last rows, which are always attended. */
  readonly windowStart: number;
  /** By block and KV head. */
  readonly pages: readonly ReadonlySet<number>[][];
}

/**
 * The logits of every token with tiers. Tokens behind a cut attend the pages chosen there and the last rows. Before the
 * first cut and from `everythingFrom` on, everything is attended. `undefined` marks tokens whose choice is so close to
 * a tie that rounding may decide it.
 */
export function plainTierLogits(
  { tokens, options, tie, forward }: PlainTiers,
  cuts: readonly Cut[],
  everythingFrom = Infinity,
): (Float32Array | undefined)[] {
  const chosen: Choice[] = [];
  const tied = new Set<Choice>();
  const count = options.capacity / options.pageRows;
  const attends: TierHooks['attends'] = ({ block, kvHead, position, other }) => {
    const choice = chosen.findLast(({ start }) => start <= position);
    if (!choice || position >= everythingFrom || other >= choice.windowStart) return true;
    return choice.pages[block]?.[kvHead]?.has(Math.floor(other / options.pageRows)) ?? false;
  };
  // A layer chooses before it attends, and so affects the next layer.
  for (const { start, last, queries, every, heads } of cuts) {
    const before = chosen.at(-1);
    const windowStart =
      heads && before ? before.windowStart : Math.floor((start - options.window) / options.pageRows) * options.pageRows;
    const choice = { start, windowStart, pages: [] as ReadonlySet<number>[][] };
    chosen.push(choice);
    forward(tokens.slice(0, last + 1), {
      attends,
      onAttention: (layer, block) => {
        choice.pages[block] = plainPages(layer, windowStart / options.pageRows, {
          pageRows: options.pageRows,
          queries,
          every,
          meanRows: options.meanRows,
        }).map((ofPages, kvHead) => {
          if (heads && !heads(block, kvHead)) {
            if (before && tied.has(before)) tied.add(choice);
            return before?.pages[block]?.[kvHead] as ReadonlySet<number>;
          }
          // The first page always stays.
          const worth = ofPages.map((value, page) => (page === 0 ? Infinity : value));
          const pages = [...worth.keys()].sort((a, b) => (worth[b] as number) - (worth[a] as number));
          if ((worth[pages[count - 1] as number] as number) < tie * (worth[pages[count] as number] as number))
            tied.add(choice);
          return new Set(pages.slice(0, count));
        });
      },
    });
  }
  const isTied = (position: number): boolean => tied.has(chosen.findLast(({ start }) => start <= position) as Choice);
  return forward(tokens, { attends }).map((row, position) => (isTied(position) ? undefined : Float32Array.from(row)));
}
