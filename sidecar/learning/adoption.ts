import type { Refusal } from '../protocol/learning.ts';
import type { FillScore } from './measureFills.ts';

/** How well held-out code was filled, before and after learning. */
export interface HeldOutFigures {
  readonly files: number;
  /** Nats per token. */
  readonly natsBefore: number;
  readonly natsAfter: number;
  readonly lines: number;
  readonly linesBefore: number;
  readonly linesAfter: number;
}

/** A difference and its standard error. */
export interface Gain {
  readonly mean: number;
  readonly standardError: number;
}

export interface LearnedFigures {
  readonly heldOut: HeldOutFigures;
  /** Nats per token of code that belongs to no workspace. */
  readonly general: { readonly natsBefore: number; readonly natsAfter: number };
}

export interface Verdict {
  readonly adopted: boolean;
  readonly refusal?: Refusal;
  /** Why the expert is not used, in English and with figures. */
  readonly reason?: string;
}

/** General code may become this much less likely. */
const GENERAL_LOSS_SHARE = 0.005;
/** The fewest windows for an error that means something. */
export const LEAST_WINDOWS = 4;

/** Sums up scores of the same windows before and after. */
export function heldOutFigures(before: readonly FillScore[], after: readonly FillScore[]): HeldOutFigures {
  return {
    files: new Set(before.map(({ path }) => path)).size,
    natsBefore: sum(before, 'nats') / sum(before, 'tokens'),
    natsAfter: sum(after, 'nats') / sum(after, 'tokens'),
    lines: sum(before, 'lines'),
    linesBefore: sum(before, 'filled'),
    linesAfter: sum(after, 'filled'),
  };
}

/**
 * Decides whether an expert is used: lines and nats of held-out code improve by more than their standard errors over
 * windows, and general code gets at most 0.5 % less likely.
 */
export function judge(
  before: readonly FillScore[],
  after: readonly FillScore[],
  general: LearnedFigures['general'],
): Verdict {
  if (before.length < LEAST_WINDOWS)
    return {
      adopted: false,
      refusal: 'few-places',
      reason: `There are ${before.length} places in held-out files, and ${LEAST_WINDOWS} are needed to tell whether learning helps.`,
    };
  const nats = gainOf(
    before,
    after,
    ({ nats }) => -nats,
    ({ tokens }) => tokens,
  );
  const lines = gainOf(
    before,
    after,
    ({ filled }) => filled,
    ({ lines }) => lines,
  );
  if (nats.mean <= nats.standardError)
    return {
      adopted: false,
      refusal: 'held-out-code',
      reason: `Held-out code is ${describe(nats)} nats per token likelier, which is within the error.`,
    };
  if (lines.mean <= lines.standardError)
    return {
      adopted: false,
      refusal: 'held-out-lines',
      reason: `${describe(lines, 100)} % more held-out lines are filled, which is within the error.`,
    };
  const share = general.natsAfter / general.natsBefore - 1;
  if (!(share <= GENERAL_LOSS_SHARE))
    return {
      adopted: false,
      refusal: 'general-code',
      reason: `General code takes ${(100 * share).toFixed(2)} % more nats, and at most ${100 * GENERAL_LOSS_SHARE} % are allowed.`,
    };
  return { adopted: true };
}

/**
 * Returns the mean gain per unit over windows that were scored twice, and its standard error: that of a ratio of sums
 * (Cochran, Sampling Techniques, 1977, section 2.11).
 */
export function gainOf(
  before: readonly FillScore[],
  after: readonly FillScore[],
  value: (score: FillScore) => number,
  size: (score: FillScore) => number,
): Gain {
  const differences = before.map((score, index) => value(after[index] as FillScore) - value(score));
  const sizes = before.map(size);
  const total = sizes.reduce((all, each) => all + each, 0);
  const mean = differences.reduce((all, each) => all + each, 0) / total;
  const squares = differences.reduce((all, each, index) => all + (each - mean * (sizes[index] as number)) ** 2, 0);
  const count = before.length;
  return { mean, standardError: Math.sqrt((count / (count - 1)) * squares) / total };
}

function sum(scores: readonly FillScore[], key: 'nats' | 'tokens' | 'lines' | 'filled'): number {
  return scores.reduce((all, score) => all + score[key], 0);
}

function describe({ mean, standardError }: Gain, factor = 1): string {
  return `${(factor * mean).toFixed(3)} ± ${(factor * standardError).toFixed(3)}`;
}
