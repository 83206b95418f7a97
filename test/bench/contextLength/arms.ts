import { placeResultCodec, type PlaceResult } from '../completion/arms.ts';
import { keptBy } from '../contextQuality/choices.ts';
import type { KeptTask } from '../kept/keptTask.ts';

/** The most tokens of other files in a prompt, and the cache that holds it. */
export interface LengthArm {
  readonly contextTokens: number;
  /** In the form of `--cache`. */
  readonly cache: string;
  readonly withNgrams: false;
}

/** Tiers of a shorter context would attend little more than the document. */
const LEAST_TIERED_TOKENS = 4_096;
/** Rows of tiers are whole pages. */
const PAGE_ROWS = 16;
/** Increased when the method changes, so that kept results of two methods are not mixed. */
const VERSION = 1;

export const lengthTask: KeptTask<PlaceResult> = {
  page: 'context-length',
  name: 'cross-file',
  settings: [VERSION],
  ...placeResultCodec,
};

/** Returns the arms by length: the full cache first, then tiers that attend `1 / divisor` of a long context. */
export function armsOf(lengths: readonly number[], divisors: readonly number[]): readonly LengthArm[] {
  return lengths.flatMap((contextTokens) => [
    { contextTokens, cache: 'full', withNgrams: false as const },
    ...(contextTokens < LEAST_TIERED_TOKENS ? [] : divisors).map((divisor) => ({
      contextTokens,
      cache: `tiered:${Math.ceil(contextTokens / divisor / PAGE_ROWS) * PAGE_ROWS}`,
      withNgrams: false as const,
    })),
  ]);
}

/** Returns the key of an arm's results. */
export const variantOf = ({ contextTokens, cache }: LengthArm): string => `${contextTokens} ${keptBy(cache)}`;
