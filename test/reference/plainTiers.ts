import { plainPages, type PlainLayer } from './plainSelectors.ts';

/** What a network in plain loops is asked and shows. */
export interface TierHooks {
  /** Whether a token attends an earlier one. */
  readonly attends: (place: {
    readonly block: number;
    readonly kvHead: number;
    readonly position: number;
    readonly other: number;
  }) => boolean;
  /** Is given each block's vectors, before anything attends. */
  readonly onAttention?: (layer: PlainLayer, block: number) => void;
}

/**
 * Where pages are chosen: for the tokens from `start` on, by `queries` tokens of which `last` is the last, every one or
 * every so many.
 */
export interface Cut {
  readonly start: number;
  readonly last: number;
  readonly queries: number;
  readonly every?: number;
  /**
   * The heads that choose, while the others attend what they chose at the cut before, and the window begins where it
   * began then; absent: all.
   */
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
  /** By how much the last page that is chosen must exceed the first that is not. */
  readonly tie: number;
  /** Logits of every token. */
  readonly forward: (tokens: readonly number[], hooks: TierHooks) => readonly ArrayLike<number>[];
}

/** A choice of pages, for the tokens from `start` on. */
interface Choice {
  readonly start: number;
  /** The first of the last rows, which are attended in any case. */
  readonly windowStart: number;
  /** By block and KV head. */
  readonly pages: readonly ReadonlySet<number>[][];
}

/**
 * Logits of every token where those behind a cut attend pages that are chosen there, and the last rows; before the
 * first one, and from `everythingFrom` on, everything is attended. `undefined` for tokens of a choice so near to a tie
 * that rounding may decide it.
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
  // A layer chooses before it attends, and so decides what the next one sees.
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
          // The first one stays in any case.
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
