import { parseCacheChoice } from '../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS } from '../continuation/places.ts';

/** Selectors that choose once, in the order of the report. */
const ONE_SHOT = ['snapkv', 'h2o', 'kvzip', 'expected-attention', 'keydiff', 'streaming', 'random'] as const;
/** Tiers. By default some heads choose for every token, in the second all heads do. */
const TIERED = ['tiered', 'tiered-all'] as const;
export const SELECTORS = [...TIERED, ...ONE_SHOT] as const;
export type SelectorChoice = (typeof SELECTORS)[number];

/** The length of a context divided by the part that is kept or attended. */
export const DIVISORS = [2, 4, 8, 16, 32] as const;
export type Divisor = (typeof DIVISORS)[number];

export interface Choice {
  readonly selector: SelectorChoice;
  readonly divisor: Divisor;
  /** In the form of `--cache`. */
  readonly cache: string;
}

/** Numbers of rows are multiples of this: the page size of the tiers, which is halved if few rows are attended. */
const PAGE_ROWS = 16;
/**
 * The last tokens that tiers always attend, by default. They exceed a question and its answer, which the other
 * selectors hold besides the kept rows.
 */
const QUESTION_WINDOW = 64;
/** The rows for the file itself, including the scored tokens: the file's own tokens are always attended. */
const FILE_WINDOW = pages(BEFORE_TOKENS);
/** The rows of the file that a one-shot selector has read when it chooses. */
const FILE_ROWS = 192;

/**
 * Returns the choices for a context of `contextTokens` tokens before questions. Only tiers go down to a thirty-second.
 */
export function choicesForQuestions(contextTokens: number): readonly Choice[] {
  return all((selector, divisor) => {
    const rows = pages(contextTokens / divisor);
    return isTiered(selector) ? tieredCache(selector, rows, QUESTION_WINDOW) : `${selector}:${rows}`;
  });
}

/**
 * Returns the choices for the continuation of a file: shares of the context, plus the file's own tokens. KVzip has not
 * read those yet when it chooses.
 */
export function choicesForContinuation(): readonly Choice[] {
  return all((selector, divisor) => {
    const rows = pages(CONTEXT_TOKENS / divisor);
    if (selector === 'kvzip') return `kvzip:${rows},window=0`;
    return isTiered(selector)
      ? tieredCache(selector, rows, FILE_WINDOW)
      : `${selector}:${rows + FILE_ROWS},window=${FILE_ROWS}`;
  });
}

/** Returns the key of a cache choice's results. It contains the defaults, since they change the results. */
export function keptBy(cache: string): string {
  const { tier } = parseCacheChoice(cache);
  return tier ? `tiered ${JSON.stringify(tier)}` : cache;
}

function all(cacheOf: (selector: SelectorChoice, divisor: Divisor) => string): readonly Choice[] {
  return SELECTORS.flatMap((selector) =>
    DIVISORS.filter((divisor) => isTiered(selector) || divisor < 32).map((divisor) => ({
      selector,
      divisor,
      cache: cacheOf(selector, divisor),
    })),
  );
}

const isTiered = (selector: SelectorChoice): boolean => (TIERED as readonly string[]).includes(selector);
const tieredCache = (selector: SelectorChoice, rows: number, window: number): string =>
  `tiered:${rows},window=${window}${selector === 'tiered-all' ? ',heads=100' : ''}`;

/** Rounds up to a whole number of pages. */
function pages(tokens: number): number {
  return Math.ceil(tokens / PAGE_ROWS) * PAGE_ROWS;
}
