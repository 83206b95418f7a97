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
import type { TierOptions } from '../tiers/tierOptions.ts';
import { CacheOptions, MAX_ROWS, wholeNumber } from './cacheOptions.ts';
import { TIER_ROWS, tierOf } from './tierChoice.ts';

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

/** `chosen`: the rows that each KV head keeps besides the window. */
type MakeSelector = (options: CacheOptions, chosen: number) => Selector;

const DEFAULT_WINDOW = 32;

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
  const options = new CacheOptions(text, rest);
  if (name === 'tiered')
    return {
      name,
      selector: make(options, Infinity),
      capacity: Infinity,
      window: 0,
      budget: 'equal',
      tier: tierOf(text, rows ?? `${TIER_ROWS}`, options),
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
  options.assertNoneLeft();
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
