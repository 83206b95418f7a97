import { TroubleError } from '../../../common/troubleError.ts';
import { lastAttendingAll, type TierOptions } from '../tiers/tierOptions.ts';
import { MAX_ROWS, wholeNumber, type CacheOptions } from './cacheOptions.ts';

/** The rows that a tier attends besides the window, if the text gives none. */
export const TIER_ROWS = 1_024;
const MAX_MEAN_ROWS = 16;
/**
 * The default rows of a tier's page. Half of it if fewer than `FEWEST_PAGES` pages would be chosen: a few large pages
 * miss places that a question needs.
 */
const PAGE_ROWS = 16;
const FEWEST_PAGES = 8;
/**
 * The default percentage of KV heads that choose pages for every token; the others lose little by older choices. 100 if
 * tokens share a choice.
 */
const REFRESHED_HEADS_PERCENT = 12;
/** The default number of tokens after which the other heads choose. */
const OTHERS_TOKENS = 16;
const cacheTypes = { f16: 'F16', q8_0: 'Q8_0', q4_0: 'Q4_0' } as const;

/** Returns the tier of the cache `text` with `rows` rows. Throws `TroubleError` 'invalid-input'. */
export function tierOf(text: string, rows: string, options: CacheOptions): TierOptions {
  const pages = pagesOf(text, rows, options);
  const tier = {
    ...pages,
    ...refreshOf(text, options),
    meanRows: meanRowsOf(text, options, pages.pageRows),
    ...blocksOf(text, options),
    cacheType: cacheTypes[options.word('type', 'f16', ['f16', 'q8_0', 'q4_0'])],
  };
  options.assertNoneLeft();
  assertWholePages(text, tier);
  const fewest = lastAttendingAll(tier) + 1;
  if (tier.queries > fewest)
    throw new TroubleError(
      'invalid-input',
      `queries of the cache "${text}" must be no more than the ${fewest} tokens of the shortest context that it chooses of; got ${tier.queries}.`,
    );
  return tier;
}

function pagesOf(
  text: string,
  rows: string,
  options: CacheOptions,
): Pick<TierOptions, 'pageRows' | 'capacity' | 'window'> {
  const areFew = Number(rows) < FEWEST_PAGES * PAGE_ROWS;
  const pageRows = options.number('page', areFew ? PAGE_ROWS / 2 : PAGE_ROWS, { least: 1, most: 256 });
  return {
    pageRows,
    capacity: wholeNumber(text, 'rows', rows, { least: 2 * pageRows, most: MAX_ROWS }),
    window: options.number('window', 64, { least: pageRows, most: MAX_ROWS }),
  };
}

/** Returns when heads choose again, and how many queries do. */
function refreshOf(
  text: string,
  options: CacheOptions,
): Pick<TierOptions, 'refreshTokens' | 'queries' | 'refreshQueries' | 'refreshedHeads'> {
  const refreshTokens = options.number('refresh', 1, { least: 1, most: 1_024 });
  const queries = options.number('queries', 8, { least: 1, most: 64 });
  const refreshQueries = options.number('anew', 1, { least: 1, most: queries });
  const percent = options.number('heads', refreshTokens === 1 ? REFRESHED_HEADS_PERCENT : 100, { least: 1, most: 100 });
  if (percent === 100 && options.isUnread('others'))
    throw new TroubleError(
      'invalid-input',
      `others of the cache "${text}" is for heads that choose less often than some: write heads=${REFRESHED_HEADS_PERCENT} with it, or leave it out.`,
    );
  const othersTokens = options.number('others', Math.max(OTHERS_TOKENS, 2 * refreshTokens), { least: 1, most: 2_048 });
  if (percent < 100 && othersTokens <= refreshTokens)
    throw new TroubleError(
      'invalid-input',
      `others of the cache "${text}" must be more than the ${refreshTokens} tokens of refresh; got ${othersTokens}.`,
    );
  return {
    refreshTokens,
    queries,
    refreshQueries,
    ...(percent < 100 ? { refreshedHeads: { percent, othersTokens } } : {}),
  };
}

function meanRowsOf(text: string, options: CacheOptions, pageRows: number): number {
  const meanRows = options.number('mean', 1, { least: 1, most: Math.min(pageRows, MAX_MEAN_ROWS) });
  if (pageRows % meanRows !== 0)
    throw new TroubleError(
      'invalid-input',
      `mean of the cache "${text}" must divide the ${pageRows} rows of a page; got ${meanRows}.`,
    );
  return meanRows;
}

function blocksOf(text: string, options: CacheOptions): Pick<TierOptions, 'blockTokens' | 'togetherTokens'> {
  const blockTokens = options.number('block', 64, { least: 0, most: 64 });
  const togetherTokens = options.number(
    'together',
    blockTokens > 0 && blockTokens % 16 === 0 ? 16 : Math.max(1, blockTokens),
    { least: 1, most: 64 },
  );
  if (blockTokens % togetherTokens !== 0)
    throw new TroubleError(
      'invalid-input',
      `together of the cache "${text}" must divide the ${blockTokens} tokens of a block; got ${togetherTokens}.`,
    );
  return { blockTokens, togetherTokens };
}

function assertWholePages(
  text: string,
  { capacity, window, pageRows }: Pick<TierOptions, 'capacity' | 'window' | 'pageRows'>,
): void {
  for (const [name, value] of [
    ['rows', capacity],
    ['window', window],
  ] as const) {
    if (value % pageRows !== 0)
      throw new TroubleError(
        'invalid-input',
        `${name} of the cache "${text}" must be a multiple of the ${pageRows} rows of a page; got ${value}.`,
      );
  }
}
