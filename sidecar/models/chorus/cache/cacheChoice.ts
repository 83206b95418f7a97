import { criticalKv } from '../../../../kernels/cache/criticalKv.ts';
import { expectedAttention } from '../../../../kernels/cache/expectedAttention.ts';
import { full } from '../../../../kernels/cache/full.ts';
import { h2o } from '../../../../kernels/cache/h2o.ts';
import { keyDiff } from '../../../../kernels/cache/keydiff.ts';
import { kvzip } from '../../../../kernels/cache/kvzip.ts';
import { random } from '../../../../kernels/cache/random.ts';
import type { Selector } from '../../../../kernels/cache/selector.ts';
import { snapKv } from '../../../../kernels/cache/snapkv.ts';
import { streaming } from '../../../../kernels/cache/streaming.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import { lastAttendingAll, type TierOptions } from '../tiers/tierOptions.ts';

/** How much of a context a sequence keeps and attends. */
export interface CacheChoice {
  readonly name: SelectorName;
  readonly selector: Selector;
  /** The rows that each KV head keeps, window included; infinite for all. */
  readonly capacity: number;
  /** How many of the last rows are always kept. */
  readonly window: number;
  readonly budget: Budget;
  /** If present, all rows are kept, and tokens attend pages that are chosen again and again. */
  readonly tier?: TierOptions;
}

/** Whether all KV heads of a layer keep the same number of rows, or compete for them. */
export type Budget = 'equal' | 'adaptive';

interface Options {
  number(name: string, fallback: number, limits: { readonly least: number; readonly most?: number }): number;
  word<Word extends string>(name: string, fallback: Word, words: readonly Word[]): Word;
}

/** `chosen`: the rows that each KV head keeps besides the window. */
type MakeSelector = (options: Options, chosen: number) => Selector;

const DEFAULT_WINDOW = 32;
const MAX_ROWS = 2 ** 24;
const MAX_MEAN_ROWS = 16;
/** The rows that a tier attends besides the window, if the text gives none. */
const TIER_ROWS = 1_024;
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

const selectors = {
  full: () => full(),
  tiered: () => full(),
  snapkv: (options) => {
    const kernel = options.number('kernel', 5, { least: 1, most: 1023 });
    if (kernel % 2 === 0)
      throw new TroubleError(
        'invalid-input',
        `A cache's kernel must be an odd number, so that it has a middle; got ${kernel}.`,
      );
    return snapKv({ kernel, pool: options.word('pool', 'avg', ['avg', 'max']) });
  },
  streaming: (options, chosen) =>
    streaming({ sinks: sinksOf('streaming', options.number('sinks', Math.min(4, chosen), { least: 0 }), chosen) }),
  h2o: () => h2o(),
  kvzip: () => kvzip(),
  'expected-attention': (options, chosen) => {
    const futureTokens = options.number('future', 512, { least: 1, most: 4096 });
    return expectedAttention({
      futureTokens,
      sinks: sinksOf('expected-attention', options.number('sinks', 4, { least: 0, most: 64 }), chosen),
    });
  },
  keydiff: () => keyDiff(),
  random: (options) => random({ seed: options.number('seed', 1, { least: 0 }) }),
} satisfies Record<string, MakeSelector>;

export type SelectorName = keyof typeof selectors;
export const selectorNames = Object.keys(selectors) as readonly SelectorName[];

/**
 * Parses "snapkv:2048,window=32,kernel=5,pool=avg": a selector, the rows that it keeps, and options. Throws
 * `TroubleError` 'invalid-input' with the expected form. A cache holds the same number of rows of each head, so only
 * callers that look at rows allow an adaptive budget with `mayDifferByHead`.
 */
export function parseCacheChoice(text: string, { mayDifferByHead = false } = {}): CacheChoice {
  const [, name = '', rows, rest] = /^([^:]*)(?::([^,]*)(?:,(.*))?)?$/s.exec(text) ?? [];
  const make = (selectors as Readonly<Record<string, MakeSelector | undefined>>)[name];
  if (!make || !Object.hasOwn(selectors, name))
    throw new TroubleError(
      'invalid-input',
      `There is no cache "${name}"; choose ${selectorNames.join(', ')}, and how many rows to keep: "snapkv:2048".`,
    );
  const given = readPairs(text, rest);
  const options = optionsOf(text, given);
  if (name === 'tiered')
    return {
      name,
      selector: make(options, Infinity),
      capacity: Infinity,
      window: 0,
      budget: 'equal',
      tier: tierOf(text, rows ?? `${TIER_ROWS}`, given),
    };
  const isFull = name === 'full';
  if (isFull !== (rows === undefined)) {
    throw new TroubleError(
      'invalid-input',
      isFull
        ? `The full cache keeps all rows, so "${text}" must be "full".`
        : `How many rows are kept is missing: write "${name}:2048" instead of "${text}".`,
    );
  }
  const window = isFull ? 0 : options.number('window', DEFAULT_WINDOW, { least: 0, most: MAX_ROWS });
  const capacity = isFull ? Infinity : wholeNumber(text, 'rows', rows ?? '', { least: 1, most: MAX_ROWS });
  if (capacity <= window)
    throw new TroubleError(
      'invalid-input',
      `Of ${capacity} rows ${window} are the window: "${text}" leaves none to choose.`,
    );
  let selector = make(options, capacity - window);
  if (selector.observation?.of === 'window' && window === 0)
    throw new TroubleError(
      'invalid-input',
      `${name} chooses rows by the attention of the window: window of the cache "${text}" must be at least 1; got 0.`,
    );
  const values = options.word('values', 'equal', ['equal', 'critical']);
  if (values === 'critical') selector = criticalKv(selector);
  const budget = options.word('budget', 'equal', ['equal', 'adaptive']);
  if (budget === 'adaptive' && !mayDifferByHead)
    throw new TroubleError(
      'invalid-input',
      `Only "chorus select" gives KV heads different numbers of rows: leave out budget=adaptive of "${text}".`,
    );
  if (budget === 'adaptive' && values === 'critical')
    throw new TroubleError('invalid-input', `Either budget=adaptive or values=critical, not both, as in "${text}".`);
  assertNoneLeft(text, given);
  return { name: name as SelectorName, selector, capacity, window, budget };
}

/**
 * Returns the number of sinks, which are among the chosen rows. Throws `TroubleError` 'invalid-input' if they do not
 * fit.
 */
function sinksOf(name: string, sinks: number, chosen: number): number {
  if (chosen < sinks)
    throw new TroubleError(
      'invalid-input',
      `sinks of a cache "${name}" must be no more than the rows that it keeps besides the window, which are ${chosen}; got ${sinks}.`,
    );
  return sinks;
}

function tierOf(text: string, rows: string, given: Map<string, string>): CacheChoice['tier'] {
  const options = optionsOf(text, given);
  const areFew = Number(rows) < FEWEST_PAGES * PAGE_ROWS;
  const pageRows = options.number('page', areFew ? PAGE_ROWS / 2 : PAGE_ROWS, { least: 1, most: 256 });
  const [capacity, window] = [
    wholeNumber(text, 'rows', rows, { least: 2 * pageRows, most: MAX_ROWS }),
    options.number('window', 64, { least: pageRows, most: MAX_ROWS }),
  ];
  const [refreshTokens, queries] = [
    options.number('refresh', 1, { least: 1, most: 1_024 }),
    options.number('queries', 8, { least: 1, most: 64 }),
  ];
  const refreshQueries = options.number('anew', 1, { least: 1, most: queries });
  const percent = options.number('heads', refreshTokens === 1 ? REFRESHED_HEADS_PERCENT : 100, { least: 1, most: 100 });
  if (percent === 100 && given.has('others'))
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
  const meanRows = options.number('mean', 1, { least: 1, most: Math.min(pageRows, MAX_MEAN_ROWS) });
  if (pageRows % meanRows !== 0)
    throw new TroubleError(
      'invalid-input',
      `mean of the cache "${text}" must divide the ${pageRows} rows of a page; got ${meanRows}.`,
    );
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
  const tier = {
    capacity,
    pageRows,
    meanRows,
    window,
    refreshTokens,
    queries,
    refreshQueries,
    ...(percent < 100 ? { refreshedHeads: { percent, othersTokens } } : {}),
    blockTokens,
    togetherTokens,
    cacheType: cacheTypes[options.word('type', 'f16', ['f16', 'q8_0', 'q4_0'])],
  };
  assertNoneLeft(text, given);
  for (const [what, value] of [
    ['rows', capacity],
    ['window', window],
  ] as const) {
    if (value % pageRows !== 0)
      throw new TroubleError(
        'invalid-input',
        `${what} of the cache "${text}" must be a multiple of the ${pageRows} rows of a page; got ${value}.`,
      );
  }
  const fewest = lastAttendingAll(tier) + 1;
  if (queries > fewest)
    throw new TroubleError(
      'invalid-input',
      `queries of the cache "${text}" must be no more than the ${fewest} tokens of the shortest context that it chooses of; got ${queries}.`,
    );
  return tier;
}

function assertNoneLeft(text: string, given: ReadonlyMap<string, string>): void {
  const [unknown] = given.keys();
  if (unknown !== undefined) throw new TroubleError('invalid-input', `The cache "${text}" has no option "${unknown}".`);
}

function readPairs(text: string, list: string | undefined): Map<string, string> {
  const pairs = new Map<string, string>();
  for (const pair of list?.split(',') ?? []) {
    const [, name, value] = /^([a-z]+)=(.+)$/.exec(pair) ?? [];
    if (name === undefined || value === undefined)
      throw new TroubleError(
        'invalid-input',
        `"${pair}" in the cache "${text}" is no option; write it as "window=32".`,
      );
    if (pairs.has(name))
      throw new TroubleError('invalid-input', `The cache "${text}" has the option "${name}" twice; leave out one.`);
    pairs.set(name, value);
  }
  return pairs;
}

/** Reads options and removes them from `given`, so that unknown options are left. */
function optionsOf(text: string, given: Map<string, string>): Options {
  const take = (name: string): string | undefined => {
    const value = given.get(name);
    given.delete(name);
    return value;
  };
  return {
    number(name, fallback, limits) {
      const value = take(name);
      return value === undefined ? fallback : wholeNumber(text, name, value, limits);
    },
    word(name, fallback, words) {
      const value = take(name);
      const word = value === undefined ? fallback : words.find((candidate) => candidate === value);
      if (word === undefined)
        throw new TroubleError(
          'invalid-input',
          `${name} of the cache "${text}" must be one of ${words.join(', ')}; got "${value}".`,
        );
      return word;
    },
  };
}

function wholeNumber(
  text: string,
  name: string,
  value: string,
  { least, most = MAX_ROWS }: { readonly least: number; readonly most?: number },
): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new TroubleError(
    'invalid-input',
    `${name} of the cache "${text}" must be a whole number from ${least} to ${most}; got "${value}".`,
  );
}
