import { parseCacheChoice } from '../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { BEFORE_TOKENS, CONTEXT_TOKENS } from '../continuation/places.ts';

/** Selectors that choose once, in the order of the report. */
export const ONE_SHOT = ['snapkv', 'h2o', 'kvzip', 'expected-attention', 'keydiff', 'streaming', 'random'] as const;
/** Tiers, of which by default some heads choose for every token, and with all choosing. */
export const TIERED = ['tiered', 'tiered-all'] as const;
export const SELECTORS = [...TIERED, ...ONE_SHOT] as const;
export type SelectorChoice = (typeof SELECTORS)[number];

/** A context's length by that of what is kept or attended of it. */
export const DIVISORS = [2, 4, 8, 16, 32] as const;
export type Divisor = (typeof DIVISORS)[number];

export interface Choice {
  readonly selector: SelectorChoice;
  readonly divisor: Divisor;
  /** As `--cache` takes it. */
  readonly cache: string;
}

/** Numbers of rows are multiples of it: of a page of the tiers, which is half of that where few rows are attended. */
const PAGE_ROWS = 16;
/**
 * The last tokens that tiers attend in any case, as by default: more than a question and its answer, which the other
 * selectors hold besides what they keep.
 */
const QUESTION_WINDOW = 64;
/** Of the file itself, and what is scored: the file's own tokens are attended in any case. */
const FILE_WINDOW = pages(BEFORE_TOKENS);
/** Those of the file that a one-shot selector has read when it chooses. */
const FILE_ROWS = 192;

/** Choices for a context of so many tokens which questions follow. Only tiers go down to a thirty-second. */
export function choicesForQuestions(contextTokens: number): readonly Choice[] {
  return all((selector, divisor) => {
    const rows = pages(contextTokens / divisor);
    return isTiered(selector) ? tieredCache(selector, rows, QUESTION_WINDOW) : `${selector}:${rows}`;
  });
}

/**
 * Choices for the continuation of a file: shares of the context, besides the file's own tokens, which KVzip has not
 * read yet when it chooses.
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

/** What results with a choice of cache are kept by: other defaults make other results. */
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

/** The next whole number of pages. */
function pages(tokens: number): number {
  return Math.ceil(tokens / PAGE_ROWS) * PAGE_ROWS;
}
